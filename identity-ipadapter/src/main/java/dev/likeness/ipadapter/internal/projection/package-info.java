/**
 * The networks that turn an image encoder's or a face recogniser's answer into tokens for
 * cross-attention.
 */
package dev.likeness.ipadapter.internal.projection;
