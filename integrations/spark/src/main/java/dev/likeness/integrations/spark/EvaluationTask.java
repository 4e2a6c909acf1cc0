package dev.likeness.integrations.spark;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.PromptAdherence;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.likeness.Likeness;
import dev.likeness.photos.likeness.LikenessScore;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The task that measures a slice of images.
 *
 * @param settings the settings of the evaluation
 * @param hadoop the configuration of Hadoop's file systems
 * @param counters the metrics of the job
 */
record EvaluationTask(JobSettings settings, SerializableConfiguration hadoop, JobCounters counters)
    implements Serializable {
  static final StructType SCHEMA = new StructType()
      .add("path", DataTypes.StringType, true)
      .add("likeness", DataTypes.DoubleType, true)
      .add("adherence", DataTypes.DoubleType, true)
      .add("reason", DataTypes.StringType, true);

  private static final long MAX_IMAGE = 64L << 20;
  private static final String IMAGE = "the image";

  /**
   * One image.
   *
   * @param path its URI; empty if there is none
   * @param prompt the prompt that it was generated with; may be empty
   * @param references URIs of photos of the person; may be empty
   */
  record Image(long index, String path, String prompt, List<String> references)
      implements Serializable {
    static Image of(long index, Row row, List<String> columns) {
      int path = columns.indexOf("path");
      if (path < 0) {
        throw new InvalidInputException(
            "the images have no column \"path\"; give the column \"path\" and, if needed,"
                + " \"prompt\" and \"references\"");
      }
      int prompt = columns.indexOf("prompt");
      int references = columns.indexOf("references");
      return new Image(
          index,
          row.isNullAt(path) ? "" : row.getString(path),
          prompt < 0 || row.isNullAt(prompt) ? "" : row.getString(prompt),
          references < 0 || row.isNullAt(references)
              ? List.of()
              : List.copyOf(row.<String>getList(references)));
    }
  }

  /** The measures of one image. */
  record Measured(long index, String path, double likeness, double adherence, String reason)
      implements Serializable {
    Row toRow() {
      return RowFactory.create(
          path,
          Double.isNaN(likeness) ? null : likeness,
          Double.isNaN(adherence) ? null : adherence,
          reason);
    }
  }

  /** Measures the images of a slice. */
  Iterator<Measured> run(Iterator<Image> images) throws IOException {
    SharedFiles files = new SharedFiles(hadoop.value(), settings.schemes());
    ExecutorModel model = counters.model(settings);
    List<Measured> results = new ArrayList<>();
    List<String> known = List.of();
    Optional<Likeness> likeness = Optional.empty();
    try (PromptAdherence adherence = model.studio(false).promptAdherence()) {
      while (images.hasNext()) {
        Image image = images.next();
        try {
          if (!image.references.equals(known)) {
            known = List.of();
            likeness = likeness(image.references, files, model);
            known = image.references;
          }
          results.add(measure(image, files, likeness, adherence));
        } catch (InvalidInputException | IllegalArgumentException e) {
          counters.refused().add(1);
          results.add(
              new Measured(image.index, image.path, Double.NaN, Double.NaN, e.getMessage()));
        }
      }
    }
    return results.iterator();
  }

  private static Measured measure(
      Image image, SharedFiles files, Optional<Likeness> likeness, PromptAdherence adherence)
      throws IOException {
    if (image.path.isEmpty()) {
      throw new InvalidInputException("the row has no path; give the URI of an image");
    }
    Path path = files.path(IMAGE, image.path);
    RgbImage pixels = RgbImage.read(IMAGE, files.read(IMAGE, path, MAX_IMAGE));
    LikenessScore score = likeness.map(measure -> measure.score(pixels)).orElse(null);
    Headshot headshot =
        Headshot.of(pixels, Style.defaults().get(0), "a person").prompt(image.prompt);
    return new Measured(
        image.index,
        image.path,
        score == null || !score.hasFace() ? Double.NaN : score.cosine(),
        image.prompt.isEmpty() ? Double.NaN : adherence.measure(headshot),
        null);
  }

  private static Optional<Likeness> likeness(
      List<String> references, SharedFiles files, ExecutorModel model) throws IOException {
    if (references.isEmpty()) {
      return Optional.empty();
    }
    return model.likeness(model.review(NumberedPhotos.read(references, files)));
  }
}
