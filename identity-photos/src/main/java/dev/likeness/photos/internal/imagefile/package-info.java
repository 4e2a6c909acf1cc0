/**
 * Splits PNG, JPEG and WebP files into parts, and reads and inserts their metadata and manifests.
 */
package dev.likeness.photos.internal.imagefile;
