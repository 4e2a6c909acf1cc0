package dev.likeness.cli;

import dev.likeness.cli.command.ConvertCommand;
import dev.likeness.cli.command.DoctorCommand;
import dev.likeness.cli.command.EditCommand;
import dev.likeness.cli.command.GenerateCommand;
import dev.likeness.cli.command.HeadshotCommand;
import dev.likeness.cli.command.InspectCommand;
import dev.likeness.cli.command.LoraCommand;
import dev.likeness.cli.command.PeopleCommand;
import dev.likeness.cli.command.PhotosCommand;
import dev.likeness.cli.command.PurgeCommand;
import dev.likeness.cli.command.TrainCommand;
import dev.likeness.cli.command.VerifyCommand;
import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ExitStatus;
import dev.likeness.cli.console.Interrupt;
import dev.likeness.headshots.report.LikenessVersion;
import java.util.Arrays;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The {@code likeness} command: makes headshots from selfies, offline and in one JVM. */
@Command(
    name = "likeness",
    mixinStandardHelpOptions = true,
    versionProvider = LikenessCommand.Version.class,
    sortOptions = false,
    description = "From a person's selfies to headshots that look like that person.",
    footer = {
      "",
      "Exit status: 0 done, 2 wrong usage, 3 unusable input, 4 missing resource, 130 cancelled."
    })
public final class LikenessCommand implements Runnable {
  @Spec
  private CommandSpec spec;

  private LikenessCommand() {}

  /**
   * Runs the command and ends the JVM with its exit status.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    exit(LikenessCommand::commandLine, args);
  }

  /**
   * Runs the command that {@code command} creates for the streams of this process, and ends the JVM
   * with its exit status.
   *
   * @param command creates the command for the streams
   * @param args the command line
   */
  public static void exit(Function<Console, CommandLine> command, String... args) {
    System.setProperty("java.awt.headless", "true");
    Console console = Console.ofProcess();
    Interrupt interrupt = Interrupt.install(console.cancellation());
    int status = ExitStatus.DEFECT.code();
    try {
      status = execute(command.apply(console), console, args);
    } finally {
      interrupt.workEnded();
    }
    System.exit(status);
  }

  /**
   * Runs the command on {@code console} and returns its exit status.
   *
   * @param console the streams of the command
   * @param args the command line
   * @return the {@linkplain dev.likeness.cli.console.ExitStatus exit status}
   */
  public static int run(Console console, String... args) {
    return execute(commandLine(console), console, args);
  }

  private static CommandLine commandLine(Console console) {
    return new CommandLine(new LikenessCommand())
        .addSubcommand(new HeadshotCommand(console))
        .addSubcommand(new EditCommand(console))
        .addSubcommand(new GenerateCommand(console))
        .addSubcommand(new PhotosCommand(console))
        .addSubcommand(new TrainCommand(console))
        .addSubcommand(new LoraCommand(console))
        .addSubcommand(new InspectCommand(console))
        .addSubcommand(new ConvertCommand(console))
        .addSubcommand(new CommandLine(new PeopleCommand())
            .addSubcommand(new PeopleCommand.PeopleListCommand(console))
            .addSubcommand(new PeopleCommand.PeopleShowCommand(console))
            .addSubcommand(new PeopleCommand.PeopleEraseCommand(console)))
        .addSubcommand(new PurgeCommand(console))
        .addSubcommand(new VerifyCommand(console))
        .addSubcommand(new DoctorCommand(console));
  }

  /**
   * Runs a command on {@code console}, reports its failures there, and returns the exit status.
   *
   * @param line the command
   * @param console the streams of the command
   * @param args the command line
   * @return the {@linkplain dev.likeness.cli.console.ExitStatus exit status}
   */
  public static int execute(CommandLine line, Console console, String... args) {
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setOut(console.helpOut()).setErr(console.err());
    line.setExecutionStrategy(parsed -> {
      requireNumbers(parsed);
      return new CommandLine.RunLast().execute(parsed);
    });
    line.setExecutionExceptionHandler((failure, command, parsed) -> console.report(failure));
    line.setParameterExceptionHandler((wrong, given) -> {
      console.printError(wrong.getMessage() + " (try "
          + wrong.getCommandLine().getCommandSpec().qualifiedName() + " --help)");
      return ExitStatus.USAGE.code();
    });
    try {
      return line.execute(args);
    } catch (OutOfMemoryError | LinkageError e) {
      return console.report(e);
    }
  }

  // NaN stands for "not given" in defaults, and no option takes an infinite number.
  private static void requireNumbers(ParseResult parsed) {
    for (ParseResult at = parsed; at != null; at = at.subcommand()) {
      for (OptionSpec option : at.matchedOptions()) {
        if (option.typedValues().stream().anyMatch(LikenessCommand::isNoNumber)) {
          throw new ParameterException(
              at.commandSpec().commandLine(),
              "Invalid value for option '" + option.longestName()
                  + "': expected a number, got NaN or an infinite one");
        }
      }
    }
  }

  private static boolean isNoNumber(Object value) {
    return value instanceof Double number && !Double.isFinite(number)
        || value instanceof double[] numbers
            && Arrays.stream(numbers).anyMatch(number -> !Double.isFinite(number));
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no subcommand given");
  }

  /** Provides the text of {@code likeness --version}. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"likeness " + LikenessVersion.current()};
    }
  }
}
