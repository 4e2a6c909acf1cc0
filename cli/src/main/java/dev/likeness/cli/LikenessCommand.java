package dev.likeness.cli;

import dev.likeness.cli.command.CalibrateCommand;
import dev.likeness.cli.command.ConvertCommand;
import dev.likeness.cli.command.DoctorCommand;
import dev.likeness.cli.command.EditCommand;
import dev.likeness.cli.command.GenerateCommand;
import dev.likeness.cli.command.HeadshotCommand;
import dev.likeness.cli.command.InspectCommand;
import dev.likeness.cli.command.LoraCommand;
import dev.likeness.cli.command.ModelsCommand;
import dev.likeness.cli.command.ModelsGetCommand;
import dev.likeness.cli.command.ModelsListCommand;
import dev.likeness.cli.command.NamedModels;
import dev.likeness.cli.command.PeopleCommand;
import dev.likeness.cli.command.PhotosCommand;
import dev.likeness.cli.command.PurgeCommand;
import dev.likeness.cli.command.StudioCommand;
import dev.likeness.cli.command.TrainCommand;
import dev.likeness.cli.command.VerifyCommand;
import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ExitStatus;
import dev.likeness.cli.console.Interrupt;
import dev.likeness.cli.console.MissingSubcommand;
import dev.likeness.cli.console.OptionName;
import dev.likeness.cli.console.TypedCommand;
import dev.likeness.cli.console.UnknownArgument;
import dev.likeness.cli.numbers.CommandNumbers;
import dev.likeness.cli.paths.CommandPaths;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.headshots.report.LikenessVersion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The {@code likeness} command: generates headshots from selfies, offline and in one JVM. */
@Command(
    name = "likeness",
    mixinStandardHelpOptions = true,
    versionProvider = LikenessCommand.Version.class,
    sortOptions = false,
    description = "Turns a person's selfies into headshots that look like that person.",
    footer = {
      "",
      "Exit status: 0 done, 1 defect of the command, 2 wrong usage, 3 unusable input,",
      "4 missing resource, 130 cancelled."
    })
public final class LikenessCommand implements Runnable {
  /** Creates each subcommand by its name, in the order of the help. */
  private static final Map<String, Function<Console, CommandLine>> SUBCOMMANDS = subcommands();

  @Spec
  private CommandSpec spec;

  private LikenessCommand() {}

  /**
   * Runs the command and ends the JVM with its exit status.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    exit(console -> commandLine(console, args), args);
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
    Interrupt.exit(console, () -> execute(command.apply(console), console, args));
  }

  /**
   * Runs the command on {@code console} and returns its exit status.
   *
   * @param console the streams of the command
   * @param args the command line
   * @return the {@linkplain dev.likeness.cli.console.ExitStatus exit status}
   */
  public static int run(Console console, String... args) {
    return execute(commandLine(console, args), console, args);
  }

  /** The command with all subcommands. */
  private static CommandLine commandLine(Console console) {
    CommandLine line = new CommandLine(new LikenessCommand());
    SUBCOMMANDS.values().forEach(create -> line.addSubcommand(create.apply(console)));
    return line;
  }

  /**
   * The command with the subcommand that the arguments name; with all of them if they name none.
   * Reading the options of all subcommands would take longer than many commands.
   */
  private static CommandLine commandLine(Console console, String... args) {
    Function<Console, CommandLine> named = args.length == 0 ? null : SUBCOMMANDS.get(args[0]);
    return named == null
        ? commandLine(console)
        : new CommandLine(new LikenessCommand()).addSubcommand(named.apply(console));
  }

  private static Map<String, Function<Console, CommandLine>> subcommands() {
    Map<String, Function<Console, CommandLine>> all = new LinkedHashMap<>();
    all.put("headshot", console -> new CommandLine(new HeadshotCommand(console)));
    all.put("edit", console -> new CommandLine(new EditCommand(console)));
    all.put("generate", console -> new CommandLine(new GenerateCommand(console)));
    all.put("studio", console -> new CommandLine(new StudioCommand(console)));
    all.put("photos", console -> new CommandLine(new PhotosCommand(console)));
    all.put("train", console -> new CommandLine(new TrainCommand(console)));
    all.put("lora", console -> new CommandLine(new LoraCommand(console)));
    all.put("inspect", console -> new CommandLine(new InspectCommand(console)));
    all.put("convert", console -> new CommandLine(new ConvertCommand(console)));
    all.put("calibrate", console -> new CommandLine(new CalibrateCommand(console)));
    all.put(
        "models",
        console -> new CommandLine(new ModelsCommand())
            .addSubcommand(new ModelsListCommand(console))
            .addSubcommand(new ModelsGetCommand(console))
            .addSubcommand(new ModelsCommand.ModelsRemoveCommand(console))
            .addSubcommand(new ModelsCommand.ModelsVerifyCommand(console))
            .addSubcommand(new ModelsCommand.ModelsDuCommand(console))
            .addSubcommand(new ModelsCommand.ModelsAddCommand(console)));
    all.put(
        "people",
        console -> new CommandLine(new PeopleCommand())
            .addSubcommand(new PeopleCommand.PeopleListCommand(console))
            .addSubcommand(new PeopleCommand.PeopleShowCommand(console))
            .addSubcommand(new PeopleCommand.PeopleEraseCommand(console)));
    all.put("purge", console -> new CommandLine(new PurgeCommand(console)));
    all.put("verify", console -> new CommandLine(new VerifyCommand(console)));
    all.put("doctor", console -> new CommandLine(new DoctorCommand(console)));
    return all;
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
    // A text such as "@file" is a value, never the name of a file with arguments.
    line.setExpandAtFiles(false);
    groupOptions(line, Arrays.asList(args).contains(GroupedOptions.HELP_ALL));
    line.setOut(console.helpOut()).setErr(console.err());
    line.setExecutionStrategy(parsed -> {
      CommandNumbers.require(parsed);
      if (!isHelp(parsed)) {
        try {
          NamedModels.resolve(parsed);
          CommandPaths.require(parsed);
        } catch (IllegalArgumentException | LikenessException e) {
          return console.report(e);
        }
      }
      return new CommandLine.RunLast().execute(parsed);
    });
    line.setExecutionExceptionHandler((failure, command, parsed) -> console.report(failure));
    line.setParameterExceptionHandler((wrong, given) -> reportUsage(wrong, console));
    try {
      String[] own = OptionAliases.resolve(line, args);
      ParameterException unknown = OptionAliases.findUnknown(line, own).orElse(null);
      int status = unknown == null ? line.execute(own) : reportUsage(unknown, console);
      return status == ExitStatus.DONE.code() ? console.requireWritten() : status;
    } catch (OutOfMemoryError | LinkageError e) {
      return console.report(e);
    }
  }

  /** Prints a wrong command line's fault, after the help if no subcommand was given. */
  private static int reportUsage(ParameterException wrong, Console console) {
    CommandLine command = wrong.getCommandLine();
    if (wrong instanceof MissingSubcommand) {
      command.usage(console.err());
    }
    console.printError(CommandNumbers.explain(wrong)
            .or(() -> UnknownArgument.explain(wrong))
            .or(() -> OptionAliases.explainRepeated(wrong))
            .orElseGet(wrong::getMessage)
        + " (try " + TypedCommand.help(command.getCommandSpec(), "--help") + ")");
    return ExitStatus.USAGE.code();
  }

  private static boolean isHelp(ParseResult parsed) {
    return parsed.asCommandLineList().stream()
        .anyMatch(line -> line.isUsageHelpRequested() || line.isVersionHelpRequested());
  }

  private static void groupOptions(CommandLine line, boolean all) {
    GroupedOptions.addHelpAll(line.getCommandSpec());
    Map<String, IHelpSectionRenderer> sections = new HashMap<>(line.getHelpSectionMap());
    sections.put(UsageMessageSpec.SECTION_KEY_OPTION_LIST_HEADING, help -> "");
    sections.put(
        UsageMessageSpec.SECTION_KEY_OPTION_LIST, help -> GroupedOptions.render(help, all));
    line.setHelpSectionMap(sections);
    GroupedOptions.shortenSynopsis(line.getCommandSpec());
    HelpExamples.addTo(line.getCommandSpec());
    line.getSubcommands().values().forEach(command -> groupOptions(command, all));
  }

  @Override
  public void run() {
    throw MissingSubcommand.of(spec);
  }

  /** Provides the text of {@code likeness --version}. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"likeness " + LikenessVersion.current()};
    }
  }

  /**
   * Lists the options of a command in groups: common options and those of the command class first,
   * then those of each mixin under the mixin's {@code optionListHeading}. A command with few
   * options has one group.
   */
  static final class GroupedOptions {
    static final String OTHERS = "Other options";
    static final String HELP_ALL = "--help-all";
    private static final int FEW = 10;
    private static final String COMMON = "Common options";
    private static final String HELP = "Help";

    /** Options that most calls of a command have, in the order of the help. */
    private static final List<String> COMMON_OPTIONS = List.of("""
        --photos --person --consent --prompt --negative --style --outfit --backdrop
        --light --expression --base --lora --steps --guidance --scheduler --seed
        --width --height --size --count --keep --preset --identity-strength --init --strength
        --image --out""".trim().split("\\s+"));

    /** Groups of options that a command class itself declares. */
    private static final Map<String, String> OWN = Map.ofEntries(
        Map.entry("--help", HELP),
        Map.entry(HELP_ALL, HELP),
        Map.entry("--version", HELP),
        Map.entry("--vae-tiling", "Speed and memory"),
        Map.entry("--tensors", "Output"),
        Map.entry("--upscaler", "Output"),
        Map.entry("--also", "Output"),
        Map.entry("--plot", "Output"),
        Map.entry("--train-steps", "Training"),
        Map.entry("--method", "Training"),
        Map.entry("--class-images", "Training"),
        Map.entry("--validation-steps", "Training"),
        Map.entry("--resume", "Training"));

    private GroupedOptions() {}

    private static boolean hasFew(CommandSpec command) {
      return command.options().stream().filter(option -> !option.hidden()).count() <= FEW;
    }

    /** Names only the required options in the first line of the help. */
    static void shortenSynopsis(CommandSpec command) {
      if (hasFew(command)) {
        return;
      }
      Stream<String> required = command.options().stream()
          .filter(OptionSpec::required)
          .map(option -> OptionName.of(option) + "=" + option.paramLabel());
      Stream<String> places =
          command.positionalParameters().stream().map(PositionalParamSpec::paramLabel);
      command
          .usageMessage()
          .customSynopsis(Stream.of(
                  Stream.of(command.qualifiedName()), places, required, Stream.of("[OPTIONS]"))
              .flatMap(words -> words)
              .collect(Collectors.joining(" ")));
    }

    /** Adds the option that lists all options; the help of a command with few does not name it. */
    static void addHelpAll(CommandSpec command) {
      if (command.findOption(HELP_ALL) == null) {
        command.addOption(OptionSpec.builder(HELP_ALL)
            .usageHelp(true)
            .hidden(hasFew(command))
            .arity("0")
            .type(boolean.class)
            .description("shows all options")
            .build());
      }
    }

    /**
     * Returns the options of a command: the common ones, or all.
     *
     * @param all true if the user asked for all options
     */
    static String render(Help help, boolean all) {
      if (hasFew(help.commandSpec())) {
        return help.optionList();
      }
      Map<String, List<OptionSpec>> groups = groups(help.commandSpec());
      int others = 0;
      for (String heading : List.copyOf(groups.keySet())) {
        if (!all && !heading.equals(COMMON) && !heading.equals(HELP)) {
          List<OptionSpec> required =
              groups.get(heading).stream().filter(OptionSpec::required).toList();
          others += groups.remove(heading).size() - required.size();
          groups.get(COMMON).addAll(required);
        }
      }
      StringBuilder text = new StringBuilder();
      groups.forEach((heading, options) -> {
        Help.Layout layout = help.createDefaultLayout();
        layout.addOptions(options, help.createDefaultParamLabelRenderer());
        text.append(help.createHeading("%n%s:%n", heading)).append(layout);
      });
      if (others > 0) {
        text.append(help.createHeading(
            "%n%d more options: %s%n", others, TypedCommand.help(help.commandSpec(), HELP_ALL)));
      }
      return text.toString();
    }

    /** Returns the options by heading, in the order of the help. */
    static Map<String, List<OptionSpec>> groups(CommandSpec command) {
      Map<String, String> headings = new HashMap<>();
      command.mixins().values().forEach(mixin -> addHeadings(mixin, OTHERS, headings));
      List<OptionSpec> sorted = command.options().stream()
          .filter(option -> !option.hidden())
          .sorted(Comparator.comparingInt(GroupedOptions::rank))
          .toList();
      Map<String, List<OptionSpec>> groups = new LinkedHashMap<>();
      for (OptionSpec option : sorted) {
        String name = OptionName.of(option);
        String heading = rank(option) < COMMON_OPTIONS.size()
            ? COMMON
            : OWN.getOrDefault(name, headings.getOrDefault(name, COMMON));
        groups.computeIfAbsent(heading, each -> new ArrayList<>()).add(option);
      }
      for (String last : List.of("Output", OTHERS, HELP)) {
        List<OptionSpec> options = groups.remove(last);
        if (options != null) {
          groups.put(last, options);
        }
      }
      return groups;
    }

    private static int rank(OptionSpec option) {
      return Stream.of(option.names())
          .mapToInt(COMMON_OPTIONS::indexOf)
          .filter(index -> index >= 0)
          .findFirst()
          .orElse(COMMON_OPTIONS.size());
    }

    /** A mixin without a heading has that of the mixin it is part of. */
    private static void addHeadings(CommandSpec mixin, String outer, Map<String, String> headings) {
      String own = mixin.usageMessage().optionListHeading();
      String heading = own.isEmpty() ? outer : own;
      mixin.options().forEach(option -> headings.put(OptionName.of(option), heading));
      mixin.mixins().values().forEach(nested -> addHeadings(nested, heading, headings));
    }
  }
}
