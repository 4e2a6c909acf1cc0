package dev.likeness.cli;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.request.Cancellation;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * One run of the command inside this JVM.
 *
 * @param status its exit status
 * @param out what it printed
 * @param err what it printed to standard error
 */
public record CommandResult(int status, String out, String err) {
  public static CommandResult of(String... args) {
    return of(new StringWriter(), new Cancellation(), args);
  }

  /** A run that is cancelled as soon as it prints {@code sign} to standard error. */
  public static CommandResult cancelledAt(String sign, String... args) {
    return cancelledAt(1, sign, args);
  }

  /** A run that is cancelled as soon as it has printed {@code sign} {@code times} times. */
  public static CommandResult cancelledAt(int times, String sign, String... args) {
    Cancellation cancellation = new Cancellation();
    AtomicInteger left = new AtomicInteger(times);
    StringWriter err = new StringWriter() {
      @Override
      public void write(String text, int offset, int length) {
        super.write(text, offset, length);
        if (text.contains(sign) && left.decrementAndGet() == 0) {
          cancellation.cancel();
        }
      }
    };
    return of(err, cancellation, args);
  }

  /**
   * A run during which {@code look} looks around whenever something is printed to standard error,
   * and is told it.
   */
  public static CommandResult watched(Consumer<String> look, String... args) {
    return watched(new Cancellation(), look, args);
  }

  /** The same, which {@code look} may stop. */
  public static CommandResult watched(
      Cancellation cancellation, Consumer<String> look, String... args) {
    StringWriter err = new StringWriter() {
      @Override
      public void write(String text, int offset, int length) {
        super.write(text, offset, length);
        look.accept(text);
      }
    };
    return of(err, cancellation, args);
  }

  private static CommandResult of(Writer err, Cancellation cancellation, String... args) {
    StringWriter out = new StringWriter();
    Console console = new Console(new PrintWriter(out), new PrintWriter(err), false, cancellation);
    int status = LikenessCommand.run(console, args);
    return new CommandResult(status, out.toString(), err.toString());
  }

  /** Whether a file that another thread writes comes to be within a minute. */
  public static boolean awaitFile(Path file) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!Files.exists(file) && System.nanoTime() < end) {
      LockSupport.parkNanos(1_000_000);
    }
    return Files.exists(file);
  }

  /** The lines on standard error that are about a failure. */
  public List<String> errorLines() {
    return err.lines()
        .filter(line -> line.startsWith("likeness: "))
        .map(line -> line.substring("likeness: ".length()))
        .toList();
  }
}
