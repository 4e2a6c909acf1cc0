package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.doctor.Doctor;
import dev.likeness.cli.doctor.Finding;
import dev.likeness.diffusion.error.ResourceLimitException;
import java.util.List;
import picocli.CommandLine.Command;

/** {@code likeness doctor}: shows what this machine has and what is missing. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Shows native libraries, devices, memory, settings and caches, and reports "
        + "missing parts.")
public final class DoctorCommand implements Runnable {
  private final Console console;

  /** Creates the subcommand with the console that it prints to. */
  public DoctorCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    List<Finding> findings = Doctor.examine();
    findings.forEach(console.out()::println);
    console.out().flush();
    findings.stream().filter(Finding::isMissing).findFirst().ifPresent(missing -> {
      throw new ResourceLimitException(missing.subject() + ": " + missing.text());
    });
  }
}
