package dev.likeness.vault.internal.file;

import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/**
 * What is known of a file or folder in a vault.
 *
 * @param lastModifiedTime when it was written
 * @param size of the content in bytes, before encryption
 * @param isDirectory whether it is a folder
 */
record VaultAttributes(FileTime lastModifiedTime, long size, boolean isDirectory)
    implements BasicFileAttributes {
  static final VaultAttributes FOLDER = new VaultAttributes(FileTime.fromMillis(0), 0, true);

  @Override
  public FileTime lastAccessTime() {
    return lastModifiedTime;
  }

  @Override
  public FileTime creationTime() {
    return lastModifiedTime;
  }

  @Override
  public boolean isRegularFile() {
    return !isDirectory;
  }

  @Override
  public boolean isSymbolicLink() {
    return false;
  }

  @Override
  public boolean isOther() {
    return false;
  }

  @Override
  public Object fileKey() {
    return null;
  }
}
