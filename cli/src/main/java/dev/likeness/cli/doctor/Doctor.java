package dev.likeness.cli.doctor;

import dev.likeness.cli.inspect.CheckpointInspection;
import dev.likeness.cli.inspect.Inspector;
import dev.likeness.portrait.PortraitModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Examines this machine: the JVM, memory, natives, devices, settings, caches and the embedded
 * model.
 */
public final class Doctor {
  private Doctor() {}

  /** Returns all findings. A missing part is a finding, not an exception. */
  public static List<Finding> examine() {
    List<Finding> findings = new ArrayList<>();
    findings.addAll(MachineCheck.findings());
    findings.addAll(NativesCheck.findings());
    findings.addAll(MachineCheck.SettingsCheck.findings());
    findings.addAll(NativesCheck.CachesCheck.findings());
    findings.add(EmbeddedModelCheck.finding());
    return findings;
  }

  /** Checks that the embedded base model is on the class path and complete. */
  static final class EmbeddedModelCheck {
    private EmbeddedModelCheck() {}

    static Finding finding() {
      try {
        CheckpointInspection model = Inspector.inspect(PortraitModel.files());
        return model.problems().isEmpty()
            ? Finding.ofOk(
                "portrait",
                String.format(
                    Locale.ROOT, "the embedded model, %,d parameters", model.parameters()))
            : Finding.ofMissing("portrait", model.problems().get(0));
      } catch (RuntimeException e) {
        return Finding.ofMissing(
            "portrait",
            e.getMessage() + "; add dev.likeness:likeness-portrait-model, or give --base");
      }
    }
  }
}
