package dev.likeness.vault.internal.file;

import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.io.TemporaryFiles;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/**
 * Writes one file of a vault. The cipher text goes to a temporary file, which is synced to disk and
 * moved into place when the channel is closed. An interrupt does not close the channel.
 */
final class VaultWriteChannel implements SeekableByteChannel {
  private final VaultFileSystem fileSystem;
  private final Path target;
  private final Path temporary;
  private final FileOutputStream file;
  private final OutputStream encryptedOut;
  private long position;
  private boolean failed;
  private boolean closed;

  VaultWriteChannel(VaultFileSystem fileSystem, String name) throws IOException {
    this.fileSystem = fileSystem;
    this.target = fileSystem.encryptedPath(name);
    temporary = fileSystem.folder().resolve("." + UUID.randomUUID() + ".part");
    file = TemporaryFiles.create(temporary, () -> openFile(fileSystem, temporary));
    // The file stays open after the cipher is closed, so that it can be synced to disk.
    OutputStream kept = new FilterOutputStream(AtomicFile.Disk.current().guard(temporary, file)) {
      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        out.write(bytes, from, length);
      }

      @Override
      public void close() throws IOException {
        flush();
      }
    };
    encryptedOut = fileSystem.cipher().encrypt(kept, name);
  }

  // After the vault is destroyed or closed, no new file appears in its folder, so the folder can be
  // deleted.
  private static FileOutputStream openFile(VaultFileSystem fileSystem, Path temporary)
      throws IOException {
    fileSystem.vault().placementLock().lock();
    try {
      fileSystem.vault().requireUsable();
      Files.createDirectories(fileSystem.folder());
      return new FileOutputStream(temporary.toFile());
    } finally {
      fileSystem.vault().placementLock().unlock();
    }
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
    byte[] bytes = new byte[source.remaining()];
    source.get(bytes);
    try {
      encryptedOut.write(bytes);
    } catch (IOException e) {
      failed = true;
      throw e;
    }
    position += bytes.length;
    return bytes.length;
  }

  /** Gives the file up: closing then deletes what was written. */
  void abandon() {
    failed = true;
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      finish();
      if (!failed) {
        moveIntoPlace();
      }
    } finally {
      TemporaryFiles.delete(temporary);
    }
  }

  // Windows cannot move an open file.
  private void finish() throws IOException {
    try (file) {
      if (!failed) {
        encryptedOut.close();
        file.getFD().sync();
      }
    }
  }

  private void moveIntoPlace() throws IOException {
    fileSystem.vault().placementLock().lock();
    try {
      fileSystem.vault().requireUsable();
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      AtomicFile.force(fileSystem.folder());
    } finally {
      fileSystem.vault().placementLock().unlock();
    }
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public long size() {
    return position;
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  @Override
  public int read(ByteBuffer target) {
    throw new NonReadableChannelException();
  }

  @Override
  public SeekableByteChannel position(long newPosition) {
    throw new UnsupportedOperationException(
        "cannot set the position in a file of a vault; write the file from front to back");
  }

  @Override
  public SeekableByteChannel truncate(long size) {
    throw new NonWritableChannelException();
  }
}
