package dev.likeness.cli.doctor;

import dev.likeness.diffusion.tensor.CpuSettings;
import java.util.List;
import java.util.Map;

/**
 * Environment settings that make the CPU markedly faster; the launcher sets them, an application
 * must.
 */
final class SettingsCheck {
  private SettingsCheck() {}

  static List<Finding> findings() {
    Map<String, String> missing = CpuSettings.missing();
    return CpuSettings.environment().entrySet().stream()
        .map(setting -> missing.containsKey(setting.getKey())
            ? Finding.advice(
                "setting",
                setting.getKey() + " is not set; " + setting + " is faster on Linux CPUs")
            : Finding.ok("setting", setting.getKey() + "=" + System.getenv(setting.getKey())))
        .toList();
  }
}
