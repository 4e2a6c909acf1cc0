package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.Consent;
import dev.likeness.vault.Subject;
import dev.likeness.vault.SubjectStore;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code likeness people}: looks after the people in a store, by its subcommands. */
@Command(
    name = "people",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Looks after the people in a store.")
public final class PeopleCommand implements Runnable {
  @Spec
  private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no subcommand given");
  }

  /** {@code likeness people erase}: makes a store forget a person. */
  @Command(
      name = "erase",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description =
          "Erases everything that a store has of a person, and prints the receipt, signed with --sign-key; without, it "
              + "proves nothing about who erased. A train or headshot that learns them meanwhile stops and keeps nothing.")
  public static final class PeopleEraseCommand implements Runnable {
    private final Console console;

    @Parameters(paramLabel = "ID", description = "of the person, as people list shows it")
    private String id;

    @Mixin
    private VaultOptions store;

    /** A subcommand that speaks to {@code console}. */
    public PeopleEraseCommand(Console console) {
      this.console = console;
    }

    @Override
    public void run() {
      try (SubjectStore opened = store.openExisting(console)) {
        console.out().println(opened.subject(id).erase().toJson());
        console.out().flush();
      }
    }
  }

  /** {@code likeness people list}: who is in a store. */
  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description =
          "Lists the persons of a store: ids, files, days since they came and were last used.")
  public static final class PeopleListCommand implements Runnable {
    private final Console console;

    @Mixin
    private VaultOptions store;

    /** A subcommand that speaks to {@code console}. */
    public PeopleListCommand(Console console) {
      this.console = console;
    }

    @Override
    public void run() {
      try (SubjectStore opened = store.openExisting(console)) {
        for (Subject subject : opened.subjects()) {
          Map<String, Long> ages = subject.ages();
          int files =
              subject.counts().values().stream().mapToInt(Integer::intValue).sum();
          console
              .out()
              .printf(
                  Locale.ROOT,
                  "%s  %d files, came %d days ago, last used %d days ago%n",
                  subject.id(),
                  files,
                  days(ages.get("created")),
                  days(ages.get("used")));
        }
        console.out().flush();
      }
    }

    private static long days(long seconds) {
      return Duration.ofSeconds(seconds).toDays();
    }
  }

  /** {@code likeness people show}: what a store has of one person. */
  @Command(
      name = "show",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description =
          "Shows what a store has of a person, and what they agreed to; needs the store's key.")
  public static final class PeopleShowCommand implements Runnable {
    private final Console console;

    @Parameters(paramLabel = "ID", description = "of the person, as people list shows it")
    private String id;

    @Mixin
    private VaultOptions store;

    /** A subcommand that speaks to {@code console}. */
    public PeopleShowCommand(Console console) {
      this.console = console;
    }

    @Override
    public void run() {
      try (SubjectStore opened = store.openExisting(console)) {
        Subject subject = opened.subject(id);
        Consent consent = subject.consent();
        line("id", subject.id());
        subject
            .ages()
            .forEach(
                (name, seconds) -> line(name, Duration.ofSeconds(seconds).toDays() + " days ago"));
        subject.counts().forEach((holding, count) -> line(holding.label(), count + " files"));
        line("consent", consent.text());
        line(
            "given",
            consent.givenAt() + " by " + consent.givenBy() + ", text " + consent.textVersion());
        line(
            "covers",
            consent.purposes().stream()
                .sorted()
                .map(p -> p.description())
                .collect(Collectors.joining(", ")));
        console.out().flush();
      }
    }

    private void line(String name, String value) {
      console.out().printf(Locale.ROOT, "%-10s %s%n", name, value);
    }
  }
}
