package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.vault.RetentionPolicy;
import dev.likeness.vault.SubjectStore;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code likeness purge}: removes from a store the data whose retention limit is reached. */
@Command(
    name = "purge",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Removes all data that the retention policy of a store no longer allows. "
        + "Erasure receipts are signed with --sign-key. Without --sign-key they prove nothing "
        + "about their signer.")
public final class PurgeCommand implements Runnable {
  private final Console console;

  @Option(names = "--due", required = true, description = "confirms that expired data is removed")
  private boolean due;

  @Mixin
  private VaultOptions store;

  /** Creates the subcommand with the console that it prints to. */
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
              + " files of other people removed");
      console.out().flush();
    }
  }
}
