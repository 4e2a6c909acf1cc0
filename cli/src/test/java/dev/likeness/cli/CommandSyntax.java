package dev.likeness.cli;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.request.Cancellation;
import java.io.PrintWriter;
import java.io.Writer;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Parses command lines without running them. */
public final class CommandSyntax {
  private static final Pattern PLACEHOLDER = Pattern.compile("[A-Z][A-Z0-9_]*");

  private CommandSyntax() {}

  /**
   * Why the command refuses these arguments, if it does. A placeholder in capitals, such as
   * {@code N}, may stand for the value of an option of any type.
   */
  public static Optional<String> refusal(String... args) {
    String[] tried = args.clone();
    while (true) {
      try {
        CommandLine line = commandLine().setCaseInsensitiveEnumValuesAllowed(true);
        line.parseArgs(OptionAliases.resolve(line, tried));
        return Optional.empty();
      } catch (ParameterException e) {
        if (!isReplaced(tried, e.getValue())) {
          return Optional.of(e.getMessage());
        }
      } catch (RuntimeException e) {
        return Optional.of(e.toString());
      }
    }
  }

  /** The options of all subcommands. */
  public static Stream<OptionSpec> options() {
    return commandLine().getSubcommands().values().stream().flatMap(CommandSyntax::options);
  }

  private static Stream<OptionSpec> options(CommandLine command) {
    return Stream.concat(
        command.getCommandSpec().options().stream(),
        command.getSubcommands().values().stream().flatMap(CommandSyntax::options));
  }

  /** The command as its private factory makes it, the only method from a console alone to one. */
  static CommandLine commandLine() {
    PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
    try {
      Method factory = Arrays.stream(LikenessCommand.class.getDeclaredMethods())
          .filter(method -> method.getReturnType() == CommandLine.class
              && !method.isSynthetic()
              && method.getParameterCount() == 1)
          .findFirst()
          .orElseThrow();
      factory.setAccessible(true);
      return (CommandLine)
          factory.invoke(null, new Console(nowhere, nowhere, false, new Cancellation()));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the command line cannot be made", e);
    }
  }

  /** Puts 1 in the place of a placeholder that no value of the option's type can be made of. */
  private static boolean isReplaced(String[] args, String refused) {
    if (refused == null || !PLACEHOLDER.matcher(refused).matches()) {
      return false;
    }
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals(refused) || args[i].endsWith("=" + refused)) {
        args[i] = args[i].substring(0, args[i].length() - refused.length()) + "1";
        return true;
      }
    }
    return false;
  }
}
