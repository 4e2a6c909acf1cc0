package dev.likeness.hub;

import dev.likeness.diffusion.internal.file.Quoted;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address of a repository of a hub, or of a file in it: {@code owner/name},
 * {@code owner/name@revision}, {@code owner/name:file}, {@code owner/name@revision:file}. The
 * prefix {@code hf:} may stand before each form.
 *
 * <p>Instead of the whole name of a file, {@code file} may be a part of it that no other file of
 * weights has, as {@code Q4_K_M}.
 *
 * @param repository owner and name of the repository, as {@code owner/name}
 * @param revision a branch, tag or commit; {@code main} if none was given
 * @param file the file, relative to the repository; empty for the files that the library opens
 */
public record HubAddress(String repository, String revision, Optional<String> file) {
  /** The prefix that tells an address from a path. */
  public static final String PREFIX = "hf:";

  /** The revision that is used if none is given. */
  public static final String MAIN = "main";

  private static final String NAME = "[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?";
  private static final Pattern REPOSITORY = Pattern.compile(NAME + "/" + NAME);
  private static final Pattern REVISION =
      Pattern.compile("[A-Za-z0-9_](?:[A-Za-z0-9._/+-]{0,198}[A-Za-z0-9_+-])?");
  private static final Pattern FORM = Pattern.compile("(?s)([^@:]*)(?:@([^:]*))?(?::(.*))?");
  private static final int LONGEST_FILE = 500;

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if a part has a character or form that no hub allows, or leads
   *     out of the repository
   */
  public HubAddress {
    if (!REPOSITORY.matcher(repository).matches()
        || repository.contains("..")
        || repository.contains("--")) {
      throw new IllegalArgumentException(Quoted.of(repository)
          + " is not the name of a repository; expected owner/name of letters, digits, '.', '_' and"
          + " '-', without '..' and '--'");
    }
    if (!REVISION.matcher(revision).matches()
        || revision.contains("..")
        || revision.contains("//")
        || revision.endsWith(".lock")) {
      throw new IllegalArgumentException(Quoted.of(revision)
          + " is not a revision; expected a branch, tag or commit, without '..'");
    }
    Objects.requireNonNull(file, "file");
    file.ifPresent(name -> {
      if (!isInside(name)) {
        throw new IllegalArgumentException(Quoted.of(name)
            + " is not a file of a repository; expected a relative path with '/', without '..'");
      }
    });
  }

  /**
   * {@return the address of a text}
   *
   * @param text {@code [hf:]owner/name[@revision][:file]}
   * @throws IllegalArgumentException if the text is no such address
   */
  public static HubAddress parse(String text) {
    String rest = text.startsWith(PREFIX) ? text.substring(PREFIX.length()) : text;
    Matcher parts = FORM.matcher(rest);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          Quoted.of(text) + " is not an address; expected owner/name[@revision][:file]");
    }
    return new HubAddress(
        parts.group(1),
        parts.group(2) == null ? MAIN : parts.group(2),
        Optional.ofNullable(parts.group(3)));
  }

  /**
   * {@return this address with another revision}
   *
   * @param other a branch, tag or commit
   * @throws IllegalArgumentException if it is no revision
   */
  public HubAddress at(String other) {
    return new HubAddress(repository, other, file);
  }

  /**
   * {@return the address of a file in the same revision}
   *
   * @param name the file, relative to the repository, or a part of its name
   * @throws IllegalArgumentException if it leads out of the repository
   */
  public HubAddress file(String name) {
    return new HubAddress(repository, revision, Optional.of(name));
  }

  /** Returns true if a name of a file stays inside of its repository on every system. */
  static boolean isInside(String name) {
    return !name.isEmpty()
        && name.length() <= LONGEST_FILE
        && name.codePoints().noneMatch(c -> Quoted.isHidden(c) || "\\:*?\"<>|".indexOf(c) >= 0)
        && Arrays.stream(name.split("/", -1))
            .noneMatch(part -> part.isBlank()
                || part.equals(".")
                || part.equals("..")
                || part.endsWith(".")
                || part.endsWith(" "));
  }

  /** {@return the address as text, without the prefix and without the revision {@code main}} */
  @Override
  public String toString() {
    return repository
        + (revision.equals(MAIN) ? "" : "@" + revision)
        + file.map(name -> ":" + name).orElse("");
  }
}
