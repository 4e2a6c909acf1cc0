package dev.likeness.cli.console;

import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;

/** Commands in messages, as a user types them. */
public final class TypedCommand {
  /** Set by the launchers to the name by which they were called. */
  private static final String NAME = "likeness.command";

  /** Names that a shell reads as one word. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./+-]+");

  private static final String LIKENESS = "likeness";
  private static final String OF_A_CHECKOUT = "./likeness";

  private TypedCommand() {}

  /**
   * Returns a command that can be pasted into the shell, such as {@code ./likeness models list}.
   *
   * @param words the subcommand and its arguments
   */
  public static String of(String words) {
    String name = System.getProperty(NAME, OF_A_CHECKOUT);
    return (PLAIN.matcher(name).matches() ? name : "'" + name.replace("'", "'\\''") + "'")
        + " "
        + words;
  }

  /** Returns the command that shows the help of a command; {@code option} is its option of help. */
  public static String help(CommandSpec command, String option) {
    String name = command.qualifiedName();
    boolean isOwn = name.equals(LIKENESS) || name.startsWith(LIKENESS + " ");
    return isOwn
        ? of((name.substring(LIKENESS.length()) + " " + option).strip())
        : name + " " + option;
  }
}
