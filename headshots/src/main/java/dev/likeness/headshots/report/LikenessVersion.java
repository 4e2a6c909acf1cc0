package dev.likeness.headshots.report;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** The version of this library, as the build wrote it into the jar. */
public final class LikenessVersion {
  private static final String RESOURCE = "version.properties";

  private LikenessVersion() {}

  /** {@return the version, such as {@code 0.1.0}} */
  public static String current() {
    try (InputStream in = LikenessVersion.class.getResourceAsStream(RESOURCE)) {
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
    }
  }
}
