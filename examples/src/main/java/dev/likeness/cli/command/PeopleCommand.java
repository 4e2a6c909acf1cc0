package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.portrait.people.PeopleFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code likeness people}: selfies of people who do not exist. */
@Command(
    name = "people",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Renders selfies of people who do not exist, to try everything with; or, with a subcommand, looks "
            + "after the people in a store.")
public final class PeopleCommand implements Runnable {
  private final Console console;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "5000000000",
      description =
          "the number of the first person (default: ${DEFAULT-VALUE}, whom the embedded model never saw)")
  private long seed;

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "1",
      description = "people (default: ${DEFAULT-VALUE})")
  private int count;

  @Option(
      names = "--photos",
      paramLabel = "N",
      defaultValue = "10",
      description = "selfies of each (default: ${DEFAULT-VALUE})")
  private int photos;

  @Option(names = "--out", paramLabel = "DIR", description = "receives a folder for each person")
  private Path out;

  @Spec
  private CommandSpec spec;

  /** A subcommand that speaks to {@code console}. */
  public PeopleCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    if (out == null) {
      throw new ParameterException(spec.commandLine(), "Missing required option: '--out=DIR'");
    }
    if (count < 1) {
      throw new IllegalArgumentException("--count " + count + ": at least 1");
    }
    PeopleFolder folder = new PeopleFolder(out, photos);
    Progress progress = ConsoleProgress.on(console);
    progress.around(() -> {
      progress.on(new ProgressEvent.Phase("render", count));
      List<Map<String, Object>> people = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        console.cancellation().check();
        people.add(folder.add(seed + i));
        progress.on(new ProgressEvent.Step("render", i + 1, count, Double.NaN));
      }
      folder.seal(people);
      people.forEach(person -> console.out().println(out.resolve((String) person.get("folder"))));
      return people;
    });
    console.out().flush();
  }
}
