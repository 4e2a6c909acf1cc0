package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.vault.SubjectStore;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code likeness people erase}: makes a store forget a person. */
@Command(
    name = "erase",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Erases everything that a store has of a person, and prints the receipt, signed with --sign-key; without, it "
            + "proves nothing about who erased. A train or headshot that learns them meanwhile stops and keeps nothing.")
public final class PeopleEraseCommand implements Runnable {
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
    try (SubjectStore opened = store.existing(console)) {
      console.out().println(opened.subject(id).erase().toJson());
      console.out().flush();
    }
  }
}
