package dev.likeness.portrait;

import dev.likeness.cli.LikenessCommand;
import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.request.Cancellation;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine;

/**
 * One run of a program inside this JVM.
 *
 * @param status its exit status
 * @param out what it printed
 * @param err what it printed to standard error
 */
public record ProgramRun(int status, String out, String err) {
  /**
   * A run that is cancelled as soon as it prints {@code sign} to standard error; never where that
   * is null.
   */
  public static ProgramRun of(Function<Console, Object> program, String sign, String... args) {
    Cancellation cancellation = new Cancellation();
    StringWriter err = new StringWriter() {
      @Override
      public void write(String text, int offset, int length) {
        super.write(text, offset, length);
        if (sign != null && text.contains(sign)) {
          cancellation.cancel();
        }
      }
    };
    StringWriter out = new StringWriter();
    Console console = new Console(new PrintWriter(out), new PrintWriter(err), false, cancellation);
    int status = LikenessCommand.execute(new CommandLine(program.apply(console)), console, args);
    return new ProgramRun(status, out.toString(), err.toString());
  }

  /** The lines on standard error that are about a failure. */
  public List<String> complaints() {
    return err.lines()
        .filter(line -> line.startsWith("likeness: "))
        .map(line -> line.substring("likeness: ".length()))
        .toList();
  }
}
