package dev.likeness.vault;

import dev.likeness.diffusion.tensor.OtherJvm;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Tries, as a process of its own, to lock a file. */
public final class OtherProcess {
  /** Its exit status where another process has the file. */
  public static final int REFUSED = 7;

  private OtherProcess() {}

  /** How a process that tries it ends. */
  public static int locks(Path file) throws IOException, InterruptedException {
    return OtherJvm.exitOf(
        OtherJvm.command(OtherProcess.class, file).inheritIO().start());
  }

  public static void main(String[] args) throws IOException {
    try (FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE)) {
      System.exit(channel.tryLock() == null ? REFUSED : 0);
    }
  }
}
