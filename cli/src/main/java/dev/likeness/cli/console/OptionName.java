package dev.likeness.cli.console;

import java.util.Arrays;
import picocli.CommandLine.Model.OptionSpec;

/** The name by which messages, records and headings call an option that has several. */
public final class OptionName {
  private OptionName() {}

  /** Returns the first long name of an option; names of other programs stand behind it. */
  public static String of(OptionSpec option) {
    return Arrays.stream(option.names())
        .filter(name -> name.startsWith("--"))
        .findFirst()
        .orElse(option.longestName());
  }
}
