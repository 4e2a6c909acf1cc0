package dev.likeness.vault.internal.file;

import java.net.URI;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.Map;

/** The operations of a file system provider that a vault does not support. */
abstract class WholeFilesProvider extends FileSystemProvider {
  @Override
  public <V extends FileAttributeView> V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return null;
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) {
    throw new UnsupportedOperationException(
        "attributes of files in a vault can only be read by type");
  }

  @Override
  public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
    throw new UnsupportedOperationException("attributes of files in a vault cannot be set");
  }

  @Override
  public String getScheme() {
    return "likeness-vault";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> env) {
    throw new UnsupportedOperationException("a vault is opened by its store; open the store");
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    throw new UnsupportedOperationException("a vault is opened by its store; open the store");
  }

  @Override
  public Path getPath(URI uri) {
    throw new UnsupportedOperationException("a path in a vault has no URI");
  }

  @Override
  public FileStore getFileStore(Path path) {
    throw new UnsupportedOperationException(
        "a vault has no file store; use the file store of the store's folder");
  }
}
