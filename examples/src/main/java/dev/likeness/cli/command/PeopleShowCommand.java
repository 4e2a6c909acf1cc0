package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.headshots.Consent;
import dev.likeness.vault.Subject;
import dev.likeness.vault.SubjectStore;
import java.time.Duration;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code likeness people show}: what a store has of one person. */
@Command(
    name = "show",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Shows what a store has of a person, and what they agreed to; needs the store's key.")
public final class PeopleShowCommand implements Runnable {
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
    try (SubjectStore opened = store.existing(console)) {
      Subject subject = opened.subject(id);
      Consent consent = subject.consent();
      line("id", subject.id());
      subject
          .ages()
          .forEach(
              (name, seconds) -> line(name, Duration.ofSeconds(seconds).toDays() + " days ago"));
      subject.counts().forEach((holding, count) -> line(holding.word(), count + " files"));
      line("consent", consent.text());
      line(
          "given",
          consent.given() + " by " + consent.givenBy() + ", text " + consent.textVersion());
      line(
          "covers",
          consent.purposes().stream()
              .sorted()
              .map(p -> p.words())
              .collect(Collectors.joining(", ")));
      console.out().flush();
    }
  }

  private void line(String name, String value) {
    console.out().printf(Locale.ROOT, "%-10s %s%n", name, value);
  }
}
