//! Which entities of a text survive, and where they are cut so that they nest.
//!
//! Links, code and the like are firm: of two that overlap the first one stays. Bold, italic and their
//! kin are soft: they merge, are cut where another range starts, and vanish within code and moments.

use super::{Entity, Style, entity};

/// The most entities that Telegram keeps; what comes after them loses its formatting without a word.
const MOST: usize = 100;

/// Makes ranges nest.
pub(super) fn arrange(entities: Vec<Entity>) -> Vec<Entity> {
    let (soft, firm): (Vec<_>, Vec<_>) = entities.into_iter().partition(|entity| entity.style.is_soft());
    let (quotes, solid): (Vec<_>, Vec<_>) = firm.into_iter().partition(|entity| entity.style.is_quote());
    let quotes = without_overlaps(quotes);
    let mut firm = without_overlaps(solid);
    firm.retain(|entity| !quotes.iter().any(|quote| cross(quote, entity)));
    firm.extend(quotes);
    let soft = cut(&merge(soft), &firm);
    sorted(firm, soft)
}

/// Drops what is above the limit, from entities that are arranged.
pub(super) fn limit(entities: Vec<Entity>) -> Vec<Entity> {
    if entities.len() <= MOST {
        return entities;
    }
    let (soft, mut firm): (Vec<_>, Vec<_>) = entities.into_iter().partition(|entity| entity.style.is_soft());
    let mut left = MOST;
    firm.retain(|entity| {
        let counts = !matches!(entity.style, Style::CustomEmoji(_));
        let fits = left > 0 || !counts;
        left -= usize::from(fits && counts);
        fits
    });
    let mut soft = cut(&merge(soft), &[]);
    entity::sort(&mut soft);
    soft.truncate(left);
    let soft = cut(&merge(soft), &firm);
    sorted(firm, soft)
}

fn sorted(mut entities: Vec<Entity>, more: Vec<Entity>) -> Vec<Entity> {
    entities.extend(more);
    entity::sort(&mut entities);
    entities
}

fn without_overlaps(mut entities: Vec<Entity>) -> Vec<Entity> {
    entity::sort(&mut entities);
    let mut end = 0;
    entities.retain(|entity| {
        let is_free = entity.length > 0 && entity.offset >= end;
        if is_free {
            end = entity.end();
        }
        is_free
    });
    entities
}

/// Whether two ranges overlap and the second is not within the first.
fn cross(outer: &Entity, inner: &Entity) -> bool {
    let overlap = inner.offset < outer.end() && outer.offset < inner.end();
    overlap && !is_within(outer, inner)
}

fn is_within(outer: &Entity, inner: &Entity) -> bool {
    outer.offset <= inner.offset && inner.end() <= outer.end()
}

/// Joins ranges of one style that overlap or touch.
fn merge(mut soft: Vec<Entity>) -> Vec<Entity> {
    entity::sort(&mut soft);
    soft.sort_by_key(|entity| entity.style.rank());
    let mut runs: Vec<Entity> = Vec::with_capacity(soft.len());
    for entity in soft.into_iter().filter(|entity| entity.length > 0) {
        match runs.last_mut().filter(|run| run.style == entity.style && entity.offset <= run.end()) {
            Some(run) => run.length = run.end().max(entity.end()) - run.offset,
            None => runs.push(entity),
        }
    }
    runs
}

/// Cuts merged ranges where another one starts and at both ends of firm ones.
fn cut(runs: &[Entity], firm: &[Entity]) -> Vec<Entity> {
    let ends = firm.iter().flat_map(|entity| [entity.offset, entity.end()]);
    let mut cuts: Vec<_> = runs.iter().map(|run| run.offset).chain(ends).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let is_free = |piece: &Entity| !firm.iter().any(|entity| entity.style.is_uniform() && is_within(entity, piece));
    runs.iter().flat_map(|run| pieces(run, &cuts)).filter(is_free).collect()
}

fn pieces<'a>(run: &'a Entity, cuts: &'a [usize]) -> impl Iterator<Item = Entity> + 'a {
    let inner = cuts.iter().copied().filter(|cut| run.offset < *cut && *cut < run.end());
    let starts = std::iter::once(run.offset).chain(inner.clone());
    let ends = inner.chain(std::iter::once(run.end()));
    starts.zip(ends).map(|(start, end)| Entity { offset: start, length: end - start, style: run.style.clone() })
}
