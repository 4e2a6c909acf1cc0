package dev.likeness.integrations.spark;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.apache.hadoop.fs.Path;

/**
 * The folders of a job below its output folder. {@code people/ID/KEY} has the finished files of a
 * person, {@code _work/ID} everything unfinished, {@code _erased/ID} the mark of an erasure, and
 * {@code _receipts} the receipts of erasures.
 *
 * @param out the output folder
 */
record JobFolders(Path out) {
  private static final int MAX_NAME = 200;

  /**
   * Returns an id as the name of a folder. Letters, digits, {@code -} and {@code @} stay, a dot and
   * an underscore stay inside the name, and all else becomes {@code ~} with the hexadecimal digits
   * of its bytes. Different ids have different names.
   *
   * @throws InvalidInputException if the name is too long
   */
  static String name(String id) {
    StringBuilder name = new StringBuilder();
    for (byte each : id.getBytes(StandardCharsets.UTF_8)) {
      char sign = (char) (each & 0xff);
      boolean inside = name.length() > 0 && (sign == '.' || sign == '_');
      if (sign < 0x80 && (Character.isLetterOrDigit(sign) || sign == '-' || sign == '@')
          || inside) {
        name.append(sign);
      } else {
        name.append(String.format(Locale.ROOT, "~%02x", (int) sign));
      }
    }
    if (name.length() > MAX_NAME || name.length() == 0) {
      throw new InvalidInputException("an id of " + id.length()
          + " characters cannot name a folder; give an id of 1 to 60 ASCII characters");
    }
    return name.toString();
  }

  Path person(String id) {
    return new Path(new Path(out, "people"), name(id));
  }

  Path work(String id) {
    return new Path(new Path(out, "_work"), name(id));
  }

  /** Returns the file that exists if the person was erased. */
  Path tombstone(String id) {
    return new Path(tombstones(), name(id));
  }

  Path tombstones() {
    return new Path(out, "_erased");
  }

  Path receipts() {
    return new Path(out, "_receipts");
  }
}
