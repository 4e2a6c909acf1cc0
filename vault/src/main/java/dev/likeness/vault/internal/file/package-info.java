/**
 * A folder that is only readable with its key, as a {@link java.nio.file.FileSystem}: whatever
 * takes a path keeps its files there encrypted, names and all, without knowing.
 */
package dev.likeness.vault.internal.file;
