package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.vault.RetentionPolicy;
import dev.likeness.vault.SubjectStore;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code likeness purge}: removes what a store has kept long enough. */
@Command(
    name = "purge",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Removes everything from a store whose time is over by its retention policy. Receipts of who is erased are "
            + "signed with --sign-key; without, they prove nothing about who erased.")
public final class PurgeCommand implements Runnable {
  private final Console console;

  @Option(
      names = "--due",
      required = true,
      description = "says that everything whose time is over is to go")
  private boolean due;

  @Mixin
  private VaultOptions store;

  /** A subcommand that speaks to {@code console}. */
  public PurgeCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    try (SubjectStore opened = store.openExisting(console)) {
      RetentionPolicy.PurgeReport report = opened.purgeDue();
      report.erased().forEach(receipt -> console.out().println("erased " + receipt.subject()));
      console
          .out()
          .println(report.erased().size() + " persons erased, " + report.files()
              + " files of others removed");
      console.out().flush();
    }
  }
}
