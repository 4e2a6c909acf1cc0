/**
 * PNG, JPEG and WebP files as parts: where metadata and manifests are found in them, and how they
 * are put in.
 */
package dev.likeness.photos.internal.imagefile;
