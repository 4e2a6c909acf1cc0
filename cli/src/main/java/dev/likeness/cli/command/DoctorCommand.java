package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.inspect.CheckpointInspection;
import dev.likeness.cli.inspect.Inspector;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.headshots.doctor.Doctor;
import dev.likeness.headshots.doctor.Doctor.Diagnosis;
import dev.likeness.headshots.doctor.Doctor.Diagnosis.State;
import dev.likeness.portrait.PortraitModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;

/** {@code likeness doctor}: reports libraries, devices and missing parts of this machine. */
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
    List<Diagnosis> diagnoses = new ArrayList<>(Doctor.examine());
    diagnoses.add(embeddedModel());
    diagnoses.forEach(console.out()::println);
    console.out().flush();
    diagnoses.stream().filter(Diagnosis::isMissing).findFirst().ifPresent(missing -> {
      throw new ResourceLimitException(missing.subject() + ": " + missing.text());
    });
  }

  // Is the embedded model on the class path and complete?
  private static Diagnosis embeddedModel() {
    try {
      CheckpointInspection model = Inspector.inspect(PortraitModel.files());
      return model.problems().isEmpty()
          ? new Diagnosis(
              State.OK,
              "portrait",
              String.format(Locale.ROOT, "the embedded model, %,d parameters", model.parameters()))
          : new Diagnosis(State.MISSING, "portrait", model.problems().get(0));
    } catch (RuntimeException e) {
      return new Diagnosis(
          State.MISSING,
          "portrait",
          e.getMessage() + "; add dev.likeness:likeness-portrait-model, or give --base");
    }
  }
}
