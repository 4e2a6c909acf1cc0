package dev.likeness.photos.embed;

/**
 * Under which terms a network's weights may be used.
 *
 * @param name as its publisher states it
 * @param commercial whether those terms allow commercial use
 */
public record Licence(String name, boolean commercial) {
  public static final Licence APACHE_2 = new Licence("Apache-2.0", true);
  public static final Licence MIT = new Licence("MIT", true);
  /** The terms of insightface's published recognition models. */
  public static final Licence RESEARCH_ONLY = new Licence("non-commercial research only", false);
}
