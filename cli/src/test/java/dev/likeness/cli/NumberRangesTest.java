package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.console.OptionName;
import dev.likeness.cli.numbers.CommandNumbers;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.CommandPaths;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** Every option that takes numbers has a range, and refuses other numbers before any work. */
class NumberRangesTest {
  private static final Set<Class<?>> NUMBERS = Set.of(
      int.class,
      Integer.class,
      long.class,
      Long.class,
      double.class,
      Double.class,
      float.class,
      Float.class);

  @TempDir
  private static Path folder;

  /** A command with a number without a range. */
  @Command(name = "planted")
  static final class Undeclared implements Runnable {
    @Option(names = "--speed")
    private Double speed;

    @Override
    public void run() {}
  }

  /** An option of a command. */
  record Numbered(CommandSpec command, OptionSpec option) {
    @Override
    public String toString() {
      return command.name() + " " + OptionName.of(option);
    }

    NumberRange range() {
      return CommandNumbers.range(option).orElseThrow();
    }

    boolean isWhole() {
      return type(option) == int.class || type(option) == Integer.class;
    }
  }

  @Test
  void everyOptionOfNumbersHasARange() {
    assertEquals(
        List.of(), commands().stream().flatMap(NumberRangesTest::undeclared).toList());
    assertEquals(
        List.of("planted --speed"),
        undeclared(new CommandLine(new Undeclared()).getCommandSpec()).toList());
  }

  private static Stream<String> undeclared(CommandSpec command) {
    return command.args().stream()
        .filter(argument -> NUMBERS.contains(type(argument)))
        // Seeds have a range of their own, that of torch.
        .filter(argument -> argument.converters().length == 0)
        .filter(argument -> CommandNumbers.range(argument).isEmpty())
        .map(argument -> command.name() + " "
            + (argument instanceof OptionSpec option ? OptionName.of(option) : ""));
  }

  static Stream<Numbered> numbers() {
    return commands().stream()
        .flatMap(command -> command.options().stream()
            .filter(option -> CommandNumbers.range(option).isPresent())
            .map(option -> new Numbered(command, option)));
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void refusesNumbersOutsideOfItsRange(Numbered each) {
    NumberRange range = each.range();
    List<String> wrong =
        new ArrayList<>(List.of("1000000000000000000000000", "x", "0x10", "1_000", "１２x", "--1"));
    if (each.isWhole()) {
      wrong.addAll(List.of("1000000000000", "-2147483649", "1.5", "NaN"));
      wrong.add(Long.toString((long) range.max() + 1));
      wrong.add(Long.toString((long) range.min() - 1));
    } else {
      wrong.remove(0);
      wrong.addAll(List.of("NaN", "Infinity", "-Infinity", "1e39", "-1e39", "1e999"));
      if (range.above() || range.min() > -Float.MAX_VALUE) {
        wrong.add(plain(range.above() ? range.min() : range.min() - 0.001));
      }
      if (range.below() || range.max() < Float.MAX_VALUE) {
        wrong.add(plain(range.below() ? range.max() : range.max() + 0.001));
      }
    }
    for (String value : wrong) {
      CommandResult run = CommandResult.of(line(each, value));
      assertEquals(2, run.status(), value + ": " + run.err());
      assertEquals(1, run.errorLines().size(), run.err());
      String told = run.errorLines().get(0);
      assertTrue(
          told.startsWith(OptionName.of(each.option()) + " must be a "), value + ": " + told);
      assertTrue(told.contains(", got "), told);
    }
  }

  /** Both ends of the range are parsed, so nothing is refused for the number itself. */
  @ParameterizedTest
  @MethodSource("numbers")
  void acceptsTheEndsOfItsRange(Numbered each) {
    NumberRange range = each.range();
    double step = each.isWhole() ? 1 : 0.001;
    for (double end : new double[] {
      range.above() ? range.min() + step : range.min(),
      range.below() ? range.max() - step : range.max()
    }) {
      String value = each.isWhole() ? Long.toString((long) end) : plain(end);
      // The studio runs until it is cancelled.
      CommandResult run = CommandResult.cancelledAt("Ctrl-C ends the studio", line(each, value));
      assertFalse(
          run.err().contains(OptionName.of(each.option()) + " must be a "),
          value + ": " + run.err());
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      generate --prompt x --out none --steps 0 | --steps must be a whole number from 1 to 10000, got 0
      generate --prompt x --out none --steps 1000000000 | --steps must be a whole number from 1 to 10000, got 1000000000
      generate --prompt x --out none --steps 1000000000000 | --steps must be a whole number from 1 to 10000, got '1000000000000'
      generate --prompt x --out none --width 0 | --width must be a whole number from 1 to 16384, got 0
      generate --prompt x --out none --height -8 | --height must be a whole number from 1 to 16384, got -8
      generate --prompt x --out none --hires 0 | --hires must be a number above 1, at most 8, got 0
      generate --prompt x --out none --hires 1 | --hires must be a number above 1, at most 8, got 1
      generate --prompt x --out none --image none --image-size 1 | --image-size must be a whole number from 64 to 16384, got 1
      generate --prompt x --out none --extend 2147483647,0,0,0 | --extend must be a whole number from 0 to 16384, got 2147483647
      generate --prompt x --out none --guidance NaN | --guidance must be a number from -3.4e38 to 3.4e38, got NaN
      generate --prompt x --out none --eta -1 | --eta must be a number from 0 to 1, got -1
      edit none --person none --out none --extend 0,0,0,4097 | --extend must be a whole number from 0 to 4096, got 4097
      headshot --person none --out none --size 0 | --size must be a whole number from 64 to 4096, got 0
      headshot --person none --out none --steps 0 | --steps must be a whole number from 1 to 10000, got 0
      train --photos none --out none --steps 0 | --steps must be a whole number from 1 to 1000000, got 0
      train --photos none --out none --learning-rate 0 | --learning-rate must be a number above 0, got 0
      train --photos none --out none --ema-decay 1 | --ema-decay must be a number from 0 to below 1, got 1
      calibrate --base none --steps 0 | --steps must be a whole number from 1 to 10000, got 0
      """)
  void saysWhatIsWrong(String command, String message) {
    CommandResult run = CommandResult.of(command.split(" "));
    assertEquals(2, run.status(), run.err());
    assertEquals(
        List.of(message + " (try ./likeness " + command.split(" ")[0] + " --help)"),
        run.errorLines());
  }

  /** In the lines, {@code EMPTY} stands for an empty text and {@code BLANK} for a space. */
  @ParameterizedTest
  @CsvSource(delimiter = ';', textBlock = """
      generate --prompt x --out none --part foo=; --part has an empty path; give COMPONENT=DIR|FILE
      generate --prompt x --out EMPTY; --out has an empty path; give DIR
      generate --prompt x --out none --base EMPTY; --base has an empty path; give BASE
      generate --prompt x --out none --lora EMPTY; --lora has an empty path; give FILE[@WEIGHT[:BLOCKS]]
      generate --prompt x --out none --embedding =name; --embedding has an empty path; give FILE[=NAME]
      generate --prompt x --out none --tensors BLANK; --tensors has an empty path; give FILE
      train --photos none --out EMPTY; --out has an empty path; give FILE|DIR
      photos EMPTY; PHOTO|DIR has an empty path; give PHOTO|DIR
      convert none EMPTY; OUT has an empty path; give OUT
      people list --store EMPTY; --store has an empty path; give DIR
      headshot --person none --brisque a,,b --out none; --brisque has an empty path; give MODEL,RANGE
      """)
  void saysThatAPathIsEmpty(String command, String wrong, String advice) {
    CommandResult run = CommandResult.of(Stream.of(command.split(" "))
        .map(word -> word.equals("EMPTY") ? "" : word.equals("BLANK") ? " " : word)
        .toArray(String[]::new));
    assertEquals(2, run.status(), run.err());
    assertEquals(List.of(wrong + "; " + advice), run.errorLines());
  }

  private static String[] line(Numbered each, String value) {
    List<String> line = new ArrayList<>(List.of(each.command().name()));
    for (ArgSpec argument : each.command().args()) {
      if (argument.required() && argument instanceof OptionSpec option) {
        line.add(OptionName.of(option));
        if (option.arity().max() > 0) {
          line.add(value(option));
        }
      } else if (argument.required()) {
        line.add(value(argument));
      }
    }
    if (each.command().findOption("--base") != null) {
      // A base that is missing, so that nothing is generated.
      line.add("--base=" + folder.resolve("none"));
    }
    if (each.command().name().equals("studio")) {
      line.add("--store=" + folder.resolve("people"));
      line.add("--key=" + folder.resolve("people.key"));
    }
    line.add(OptionName.of(each.option()) + "=" + value);
    return line.toArray(String[]::new);
  }

  private static String value(ArgSpec argument) {
    return CommandPaths.use(argument).isPresent() ? folder.resolve("none").toString() : "x";
  }

  private static String plain(double number) {
    return BigDecimal.valueOf(number).toPlainString();
  }

  private static Class<?> type(ArgSpec argument) {
    Class<?> type =
        argument.auxiliaryTypes().length > 0 ? argument.auxiliaryTypes()[0] : argument.type();
    return type.isArray() ? type.getComponentType() : type;
  }

  private static List<CommandSpec> commands() {
    List<CommandSpec> all = new ArrayList<>();
    CommandSyntax.commandLine().getSubcommands().values().forEach(each -> {
      all.add(each.getCommandSpec());
      each.getSubcommands().values().forEach(inner -> all.add(inner.getCommandSpec()));
    });
    return all;
  }
}
