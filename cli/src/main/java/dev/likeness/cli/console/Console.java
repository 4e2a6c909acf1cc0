package dev.likeness.cli.console;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.request.Cancellation;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The streams of a subcommand: results go to {@code out}, everything else to {@code err}.
 *
 * @param out standard output
 * @param err standard error
 * @param isTerminal true if {@code err} is a terminal, where progress is shown as a bar
 * @param cancellation cancelled by Ctrl-C
 * @param answers reads the answers of the user; null if no user can be asked
 */
public record Console(
    PrintWriter out,
    PrintWriter err,
    boolean isTerminal,
    Cancellation cancellation,
    BufferedReader answers) {
  /**
   * Escapes characters that change how a terminal shows a line, such as escape sequences in files.
   */
  public Console {
    out = new PlainWriter(out);
    err = new PlainWriter(err);
  }

  /** Creates the streams of a subcommand. {@link #ask} always returns an empty answer. */
  public Console(PrintWriter out, PrintWriter err, boolean isTerminal, Cancellation cancellation) {
    this(out, err, isTerminal, cancellation, null);
  }

  /**
   * Returns the streams of this process. The user can be asked if both standard error and standard
   * input are terminals. The launcher reports terminals in system properties.
   */
  public static Console ofProcess() {
    boolean terminal = property("likeness.terminal");
    boolean asks = terminal && property("likeness.answers");
    Charset charset =
        Charset.forName(System.getProperty("sun.jnu.encoding", StandardCharsets.UTF_8.name()));
    return new Console(
        new PrintWriter(System.out, true, charset),
        new PrintWriter(System.err, true, charset),
        terminal,
        new Cancellation(),
        asks ? new BufferedReader(new InputStreamReader(System.in, charset)) : null);
  }

  private static boolean property(String name) {
    String value = System.getProperty(name);
    return value == null ? System.console() != null : Boolean.parseBoolean(value);
  }

  /** Returns true if the user can be asked. */
  public boolean asks() {
    return answers != null;
  }

  /**
   * Asks the user a question. Returns the typed line without surrounding spaces; empty if the line
   * is blank, or if no user can be asked.
   */
  public Optional<String> ask(String question) {
    if (answers == null) {
      return Optional.empty();
    }
    err.print(question);
    err.flush();
    try {
      return Optional.ofNullable(answers.readLine()).map(String::strip).filter(s -> !s.isEmpty());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns standard output without escaping, because the styles of help texts are escape
   * sequences.
   */
  public PrintWriter helpOut() {
    return out instanceof PlainWriter plain ? plain.raw : out;
  }

  /**
   * Returns the exit status of a command that succeeded: that of a missing resource if its results
   * could not be written to standard output, for instance because the disk is full.
   */
  public int requireWritten() {
    return out.checkError()
        ? report(new ResourceLimitException("cannot write to standard output; make room on the disk"
            + " that it is written to, or keep its reader open"))
        : ExitStatus.DONE.code();
  }

  /** Prints one line about {@code failure} and returns its exit status. */
  public int report(Throwable failure) {
    ExitStatus status = ExitStatus.of(failure);
    printError(line(failure, status));
    if (status == ExitStatus.DEFECT) {
      failure.printStackTrace(err);
    }
    return status.code();
  }

  /** Prints the name of the command and one line of text to standard error. */
  public void printError(String message) {
    err.println("likeness: " + message.lines().findFirst().orElse("").strip());
    err.flush();
  }

  private static String line(Throwable failure, ExitStatus status) {
    return switch (status) {
      case CANCELLED -> "cancelled; no half-written file was left";
      case DEFECT -> "this is a defect of likeness, please report it: " + failure;
      case MACHINE ->
        ResourceLimitException.isOutOfMemory(failure)
            ? "not enough memory (" + LibTorch.firstLine(failure)
                + "); request a smaller image, or make more memory available"
            : failure.getMessage();
      default -> failure.getMessage();
    };
  }

  /**
   * Writes text in which control characters, other than tabs and ends of lines, and characters
   * without a shape of their own are escaped.
   */
  private static final class PlainWriter extends PrintWriter {
    private final PrintWriter raw;

    PlainWriter(PrintWriter raw) {
      super(raw, true);
      this.raw = raw;
    }

    @Override
    public void write(int c) {
      write(String.valueOf((char) c));
    }

    @Override
    public void write(char[] text, int start, int length) {
      write(new String(text, start, length));
    }

    @Override
    public void write(String text, int start, int length) {
      String plain = plain(text.substring(start, start + length));
      super.write(plain, 0, plain.length());
    }

    private static String plain(String text) {
      if (text.codePoints().noneMatch(PlainWriter::isEscaped)) {
        return text;
      }
      StringBuilder out = new StringBuilder();
      text.codePoints()
          .forEach(c -> out.append(
              isEscaped(c) ? Quoted.line(Character.toString(c)) : Character.toString(c)));
      return out.toString();
    }

    private static boolean isEscaped(int c) {
      return "\t\r\n".indexOf(c) < 0 && Quoted.isHidden(c);
    }
  }
}
