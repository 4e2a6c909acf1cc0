package dev.likeness.cli;

import dev.likeness.diffusion.internal.io.AtomicFile;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** A command that does not stop when it is cancelled, while it writes a file. */
public final class StubbornProgram {
  static final String WRITING = "writing";
  private static final long MINUTES = 5;

  private StubbornProgram() {}

  /** Runs the command as the real one is run. */
  public static void main(String[] args) {
    LikenessCommand.exit(console -> new CommandLine(new Stubborn()), args);
  }

  @Command(name = "stubborn")
  static final class Stubborn implements Runnable {
    @Parameters
    private Path file;

    @Override
    public void run() {
      AtomicFile.write(file, out -> {
        out.write(new byte[1 << 20]);
        System.err.println(WRITING);
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES);
        while (System.nanoTime() < end) {
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
      });
    }
  }
}
