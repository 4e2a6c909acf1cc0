package dev.likeness.portrait.people;

import dev.likeness.cli.LikenessCommand;
import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Renders selfies of people who do not exist, to try the library with. */
@Command(
    name = "RenderPeople",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Renders selfies of people who do not exist, to try everything with.")
public final class RenderPeople implements Runnable {
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

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "receives a folder for each person")
  private Path out;

  /** A program that speaks to {@code console}. */
  public RenderPeople(Console console) {
    this.console = console;
  }

  /** Renders, and ends the JVM with the exit statuses of the command. */
  public static void main(String[] args) {
    LikenessCommand.exit(console -> new CommandLine(new RenderPeople(console)), args);
  }

  @Override
  public void run() {
    if (count < 1) {
      throw new IllegalArgumentException("--count " + count + ": at least 1");
    }
    PeopleFolder folder = new PeopleFolder(out, photos);
    Progress progress = ConsoleProgress.on(console);
    progress.reportOutcome(() -> {
      progress.onEvent(new ProgressEvent.Phase("render", count));
      List<Map<String, Object>> people = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        console.cancellation().throwIfCancelled();
        people.add(folder.add(seed + i));
        progress.onEvent(new ProgressEvent.Step("render", i + 1, count));
      }
      folder.seal(people);
      people.forEach(person -> console.out().println(out.resolve((String) person.get("folder"))));
      return people;
    });
    console.out().flush();
  }
}
