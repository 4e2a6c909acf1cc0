package dev.likeness.cli.doctor;

import java.util.ArrayList;
import java.util.List;

/**
 * Examines this machine: the JVM, memory, natives, devices, settings, caches and the embedded
 * model.
 */
public final class Doctor {
  private Doctor() {}

  /** Everything that was found; never throws for something missing. */
  public static List<Finding> examine() {
    List<Finding> findings = new ArrayList<>();
    findings.addAll(MachineCheck.findings());
    findings.addAll(NativesCheck.findings());
    findings.addAll(SettingsCheck.findings());
    findings.addAll(CachesCheck.findings());
    findings.add(EmbeddedModelCheck.finding());
    return findings;
  }
}
