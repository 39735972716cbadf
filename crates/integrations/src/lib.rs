//! Embed the platform: builder, handle and worker loop on tokio.
