/**
 * IP-Adapter files: what a header says, the key formats of their keys brought to the published one,
 * and whether adapter, base model and image encoder belong together. Nothing here reads a weight.
 */
package dev.likeness.ipadapter.internal.file;
