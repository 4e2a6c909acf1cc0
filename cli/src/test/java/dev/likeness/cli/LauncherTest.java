package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  @Test
  void readsArgumentsAsUtf8InTheCLocale() throws Exception {
    Optional<String> chosen = sh("C", "locale -a")
        .lines()
        .filter(name -> name.matches("(?i)C[.]utf-?8"))
        .findFirst();
    assumeTrue(chosen.isPresent(), "this machine knows no C.UTF-8");
    assertEquals(
        "C.UTF-8", sh("C", "likeness_root=$PWD/..; . bin/likeness-env; printf %s \"$LC_ALL\""));
    assertEquals(
        chosen.get(),
        sh(chosen.get(), "likeness_root=$PWD/..; . bin/likeness-env; printf %s \"$LC_ALL\""),
        "one that the user chose stays");
  }

  @Test
  void runsWhereNoArchiveCanBeMadeOfItsClasses() throws Exception {
    assertEquals(
        "on",
        sh(
            "C",
            "set -eu; likeness_root=$PWD/..; . bin/likeness-env; likeness_root=/nowhere; likeness_jar=x;"
                + " likeness_share; printf on"));
  }

  private static String sh(String locale, String commands) throws IOException {
    ProcessBuilder shell = new ProcessBuilder("sh", "-c", commands).redirectErrorStream(true);
    shell.environment().put("LC_ALL", locale);
    return new String(shell.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
