package dev.likeness.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.request.Cancellation;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Whoever chose no base hears once how to get one for photographs. */
class BaseHintTest {
  private static final String HINT = "portrait generates synthetic people; for photographs of real"
      + " people: ./likeness models get sd15, then --base sd15";

  /** A command with a base. */
  @Command
  static final class WithBase implements Runnable {
    private final Console console;

    @Mixin
    private BaseOptions base;

    WithBase(Console console) {
      this.console = console;
    }

    @Override
    public void run() {
      base.tellOfOthers(console);
    }
  }

  @ParameterizedTest
  @CsvSource({"'', true", "--base=portrait, false", "--base=sd15, false", "--device=cpu, true"})
  void onlyADefaultIsExplained(String argument, boolean told) {
    StringWriter err = new StringWriter();
    Console console = new Console(
        new PrintWriter(new StringWriter()), new PrintWriter(err), false, new Cancellation());
    String[] arguments = argument.isEmpty() ? new String[0] : new String[] {argument};
    assertEquals(0, new CommandLine(new WithBase(console)).execute(arguments));
    assertEquals(told ? HINT : "", err.toString().strip());
    assertEquals(
        "base", ModelCatalogue.builtIn().find("sd15").orElseThrow().role().label());
  }
}
