/**
 * Faces as vectors: {@link dev.likeness.photos.embed.FaceEmbedder} is the joint,
 * {@link dev.likeness.photos.embed.OnnxEmbedder} runs any ArcFace-like file that an
 * {@link dev.likeness.photos.embed.EmbedderSpec} describes.
 */
package dev.likeness.photos.embed;
