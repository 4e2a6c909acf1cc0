/**
 * The networks that turn outputs of an image encoder or a face embedder into tokens for
 * cross-attention.
 */
package dev.likeness.ipadapter.internal.projection;
