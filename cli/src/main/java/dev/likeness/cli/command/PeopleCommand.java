package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.MissingSubcommand;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.vault.Subject;
import dev.likeness.vault.SubjectStore;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code likeness people}: lists, shows and erases the people in a store. */
@Command(
    name = "people",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Lists, shows and erases the people in a store.")
public final class PeopleCommand implements Runnable {
  @Spec
  private CommandSpec spec;

  @Override
  public void run() {
    throw MissingSubcommand.of(spec);
  }

  /** {@code likeness people erase}: erases a person from a store. */
  @Command(
      name = "erase",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description =
          "Erases everything that a store has of a person, and prints the receipt, signed with "
              + "--sign-key. Without --sign-key the receipt proves nothing about its signer. A "
              + "train or headshot command that still trains this person stops and keeps nothing.")
  public static final class PeopleEraseCommand implements Runnable {
    private final Console console;

    @Parameters(paramLabel = "ID", description = "id of the person, from people list")
    private String id;

    @Mixin
    private VaultOptions store;

    /** Creates the subcommand with the console that it prints to. */
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

  /** {@code likeness people list}: lists the people in a store. */
  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description =
          "Lists the people in a store: ids, files, days since they were added and last used. With "
              + "the store's key, also the names or the texts of their consents.")
  public static final class PeopleListCommand implements Runnable {
    private final Console console;

    @Mixin
    private VaultOptions store;

    /** Creates the subcommand with the console that it prints to. */
    public PeopleListCommand(Console console) {
      this.console = console;
    }

    @Override
    public void run() {
      try (SubjectStore opened = store.openExisting(console)) {
        int locked = 0;
        for (Subject subject : opened.subjects()) {
          Map<String, Long> ages = subject.ages();
          int files =
              subject.counts().values().stream().mapToInt(Integer::intValue).sum();
          Optional<Consent> consent = consent(subject);
          locked += consent.isEmpty() ? 1 : 0;
          console
              .out()
              .printf(
                  Locale.ROOT,
                  "%s  %d files, added %d days ago, last used %d days ago%s%n",
                  subject.id(),
                  files,
                  days(ages.get("created")),
                  days(ages.get("used")),
                  consent.map(given -> "  " + name(given)).orElse(""));
        }
        console.out().flush();
        if (locked > 0 && store.hasKey()) {
          int people = opened.subjects().size();
          console
              .err()
              .println(
                  locked == people
                      ? "the key opens none of the " + people
                          + " people; give the key that they were stored with"
                      : "the key does not open " + locked + " of the " + people
                          + " people; they were stored with another key, or are damaged, which"
                          + " the command verify finds");
        }
      }
    }

    private static long days(long seconds) {
      return Duration.ofSeconds(seconds).toDays();
    }

    /** Returns the consent; empty without the key that opens this subject. */
    private static Optional<Consent> consent(Subject subject) {
      try {
        return Optional.of(subject.consent());
      } catch (InvalidInputException | ResourceLimitException locked) {
        return Optional.empty();
      }
    }

    /** Returns the name of the person, or else the beginning of the consent's text. */
    private static String name(Consent consent) {
      return Quoted.of(consent.personName().orElse(consent.text()))
          + consent
              .representative()
              .map(giver -> ", consent given by " + Quoted.of(giver))
              .orElse("");
    }
  }

  /** {@code likeness people show}: shows the data in a store about one person. */
  @Command(
      name = "show",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = "Shows the data that a store has of a person, and the consent. Needs the "
          + "store's key.")
  public static final class PeopleShowCommand implements Runnable {
    private final Console console;

    @Parameters(paramLabel = "ID", description = "id of the person, from people list")
    private String id;

    @Mixin
    private VaultOptions store;

    /** Creates the subcommand with the console that it prints to. */
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
        line("for", consent.person());
        line(
            "given",
            consent.givenAt() + " by " + consent.givenBy() + ", consent form: "
                + consent.textVersion());
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
      console.out().printf(Locale.ROOT, "%-10s %s%n", name, Quoted.line(value));
    }
  }
}
