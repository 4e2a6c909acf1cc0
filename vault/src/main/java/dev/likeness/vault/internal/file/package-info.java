/**
 * An encrypted folder as a {@link java.nio.file.FileSystem}. Code that takes a path reads and
 * writes encrypted files, with encrypted names, without changes.
 */
package dev.likeness.vault.internal.file;
