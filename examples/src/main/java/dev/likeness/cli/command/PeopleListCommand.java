package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.vault.Subject;
import dev.likeness.vault.SubjectStore;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code likeness people list}: who is in a store. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Lists the persons of a store: ids, files, days since they came and were last used.")
public final class PeopleListCommand implements Runnable {
  private final Console console;

  @Mixin
  private VaultOptions store;

  /** A subcommand that speaks to {@code console}. */
  public PeopleListCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    try (SubjectStore opened = store.existing(console)) {
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
