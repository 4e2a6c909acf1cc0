package dev.likeness.diffusion.internal.io;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * A disk with room for so many bytes a file, for what this thread and its children write until it
 * is closed.
 */
public final class FullDisk implements AutoCloseable {
  private final AtomicFile.Disk before = AtomicFile.Disk.DiskHolder.INSTALLED.get();

  private FullDisk(long room) {
    AtomicFile.Disk.DiskHolder.INSTALLED.set((file, out) -> new Limited(out, room));
  }

  /** Puts a disk in place that takes {@code room} bytes of each file and refuses the next. */
  public static FullDisk after(long room) {
    return new FullDisk(room);
  }

  @Override
  public void close() {
    AtomicFile.Disk.DiskHolder.INSTALLED.set(before);
  }

  private static final class Limited extends FilterOutputStream {
    private long room;

    Limited(OutputStream out, long room) {
      super(out);
      this.room = room;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      int fitting = (int) Math.min(room, length);
      out.write(bytes, offset, fitting);
      room -= fitting;
      if (fitting < length) {
        throw new IOException("No space left on device");
      }
    }
  }
}
