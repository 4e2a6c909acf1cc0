package dev.likeness.integrations.spark;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import java.io.Serializable;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * One row of the people of a job.
 *
 * @param id the person's id; empty if the row has none
 * @param consent the consent as JSON of {@link Consent#toJson()}, or in words; may be empty
 * @param consentGiven the time of a consent in words; may be empty
 * @param photos URIs of photos, or of folders of photos
 * @param styles names of styles; empty for the default styles
 * @param options further options by name
 * @param problem the reason why the row cannot be used; empty if there is none
 * @param tombstone the person's mark in {@link Tombstones} when the job began
 */
record PersonRow(
    String id,
    String consent,
    String consentGiven,
    List<String> photos,
    List<String> styles,
    Map<String, String> options,
    String problem,
    String tombstone)
    implements Serializable {
  private static final List<String> REQUIRED = List.of("id", "consent", "photos");

  PersonRow {
    photos = List.copyOf(photos);
    styles = List.copyOf(styles);
    options = new TreeMap<>(options);
  }

  private PersonRow problem(String text) {
    return new PersonRow(id, consent, consentGiven, photos, styles, options, text, tombstone);
  }

  /** Returns this row with the person's mark among {@code marks}, by the names of folders. */
  PersonRow tombstone(Map<String, String> marks) {
    String mark;
    try {
      mark = marks.getOrDefault(JobFolders.name(id), Tombstones.NONE);
    } catch (InvalidInputException refusedByItsTask) {
      mark = Tombstones.NONE;
    }
    return new PersonRow(id, consent, consentGiven, photos, styles, options, problem, mark);
  }

  /**
   * Brings the rows of all people to the driver. Equal rows count once. Different rows with the
   * same id have a problem.
   *
   * @throws InvalidInputException if a column is missing
   */
  static List<PersonRow> collect(Dataset<Row> people) {
    List<String> columns = Arrays.asList(people.columns());
    REQUIRED.stream().filter(name -> !columns.contains(name)).findFirst().ifPresent(name -> {
      throw new InvalidInputException("the people have no column \"" + name + "\"; give the columns"
          + " id, consent and photos, and if needed consent_given, style and options");
    });
    LinkedHashSet<PersonRow> rows = new LinkedHashSet<>();
    people.collectAsList().forEach(row -> rows.add(of(row, columns)));
    Map<String, Integer> counts = new HashMap<>();
    rows.forEach(row -> counts.merge(row.id, 1, Integer::sum));
    return rows.stream()
        .map(row -> !row.id.isEmpty() && counts.get(row.id) > 1
            ? row.problem(
                counts.get(row.id) + " different rows have this id; give one row for each person")
            : row)
        .toList();
  }

  private static PersonRow of(Row row, List<String> columns) {
    String id = text(row, columns, "id").strip();
    PersonRow plain = new PersonRow(
        id,
        text(row, columns, "consent").strip(),
        text(row, columns, "consent_given").strip(),
        List.of(),
        List.of(),
        Map.of(),
        id.isEmpty() ? "the row has no id; give every person an id" : "",
        Tombstones.NONE);
    try {
      return new PersonRow(
          plain.id,
          plain.consent,
          plain.consentGiven,
          texts(value(row, columns, "photos"), "photos"),
          texts(value(row, columns, "style"), "style"),
          options(value(row, columns, "options")),
          plain.problem,
          plain.tombstone);
    } catch (InvalidInputException e) {
      return plain.problem(e.getMessage());
    }
  }

  private static Object value(Row row, List<String> columns, String name) {
    int index = columns.indexOf(name);
    return index < 0 || row.isNullAt(index) ? null : row.get(index);
  }

  private static String text(Row row, List<String> columns, String name) {
    Object value = value(row, columns, name);
    return value == null
        ? ""
        : value instanceof Timestamp time ? time.toInstant().toString() : value.toString();
  }

  /** Returns the entries of an array, or the parts of a text between commas. */
  private static List<String> texts(Object value, String column) {
    List<String> texts = new ArrayList<>();
    if (value instanceof String text) {
      Arrays.stream(text.split(",")).map(String::strip).forEach(texts::add);
    } else if (value instanceof scala.collection.Seq<?> entries) {
      for (int i = 0; i < entries.size(); i++) {
        if (entries.apply(i) == null) {
          throw new InvalidInputException(
              "an entry of the column \"" + column + "\" is null; leave the entry out");
        }
        texts.add(entries.apply(i).toString().strip());
      }
    } else if (value != null) {
      throw new InvalidInputException("the column \"" + column + "\" has the type "
          + value.getClass().getSimpleName() + "; give an array of texts, or one text");
    }
    texts.removeIf(String::isEmpty);
    return texts;
  }

  /** Returns the entries of a map, or of a text such as {@code count=4, steps=20}. */
  private static Map<String, String> options(Object value) {
    Map<String, String> options = new TreeMap<>();
    if (value instanceof scala.collection.Map<?, ?> map) {
      scala.collection.Iterator<? extends scala.Tuple2<?, ?>> entries = map.iterator();
      while (entries.hasNext()) {
        scala.Tuple2<?, ?> entry = entries.next();
        options.put(String.valueOf(entry._1()), String.valueOf(entry._2()));
      }
      return options;
    }
    for (String entry : texts(value, "options")) {
      int sign = entry.indexOf('=');
      if (sign < 1) {
        throw new InvalidInputException("\"" + entry + "\" in the column \"options\" is no"
            + " option; write name=value, such as count=4");
      }
      options.put(entry.substring(0, sign).strip(), entry.substring(sign + 1).strip());
    }
    return options;
  }

  /**
   * Returns the consent of this row. Its date comes from the row, so that the same row always gives
   * the same person file.
   *
   * @throws InvalidInputException if the row has no consent or no date
   */
  Consent givenConsent() {
    if (consent.isEmpty()) {
      throw new InvalidInputException("the row has no consent; give the person's words and their"
          + " date, or the JSON of Consent.toJson()");
    }
    if (consent.startsWith("{")) {
      return Consent.parse(consent);
    }
    if (consentGiven.isEmpty()) {
      throw new InvalidInputException("the consent has no date; give the column"
          + " \"consent_given\", such as 2026-11-20T09:00:00Z");
    }
    try {
      Consent words = Consent.of(consent);
      return new Consent(
          words.person(),
          words.givenBy(),
          words.purposes(),
          words.textVersion(),
          Instant.parse(consentGiven),
          words.text());
    } catch (DateTimeParseException e) {
      throw new InvalidInputException(
          "the column \"consent_given\" must be a time such as 2026-11-20T09:00:00Z, got \""
              + consentGiven + "\"",
          e);
    }
  }
}
