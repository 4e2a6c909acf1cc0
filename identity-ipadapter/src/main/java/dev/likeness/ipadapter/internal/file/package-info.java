/**
 * IP-Adapter files: reads headers, maps foreign key formats to the published one, and checks that
 * adapter, base model and image encoder fit together. No class here reads weights.
 */
package dev.likeness.ipadapter.internal.file;
