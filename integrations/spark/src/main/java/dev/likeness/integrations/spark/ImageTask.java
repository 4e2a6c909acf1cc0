package dev.likeness.integrations.spark;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The task for a slice of requested images.
 *
 * @param settings the settings of the job
 * @param out the output folder
 * @param batch the largest number of images that are generated at once
 * @param hadoop the configuration of Hadoop's file systems
 * @param maxFailures the number of failures of a task after which Spark ends the job
 * @param counters the metrics of the job
 */
record ImageTask(
    JobSettings settings,
    String out,
    int batch,
    SerializableConfiguration hadoop,
    int maxFailures,
    JobCounters counters)
    implements Serializable {
  static final StructType SCHEMA = new StructType()
      .add("index", DataTypes.LongType, false)
      .add("prompt", DataTypes.StringType, false)
      .add("seed", DataTypes.LongType, false)
      .add("lora", DataTypes.StringType, true)
      .add("path", DataTypes.StringType, true)
      .add("seconds", DataTypes.DoubleType, false)
      .add("reason", DataTypes.StringType, true);

  /**
   * The result of one request.
   *
   * @param path the written file, or null
   * @param reason the reason why there is no image, or null
   */
  record Result(
      long index, String prompt, long seed, String lora, String path, double seconds, String reason)
      implements Serializable {
    Row toRow() {
      return RowFactory.create(
          index, prompt, seed, lora.isEmpty() ? null : lora, path, seconds, reason);
    }
  }

  /** Generates the images of a slice. */
  Iterator<Result> run(Iterator<ImageRow> rows) throws IOException {
    SharedFiles files = new SharedFiles(hadoop.value(), settings.schemes());
    ExecutorModel model = counters.model(settings);
    List<Result> results = new ArrayList<>();
    try (LoraFiles loras = new LoraFiles(files, model.base())) {
      // Requests that cannot be used, or whose image exists, are left out of the batches.
      Map<ImageRow, Path> missing = new LinkedHashMap<>();
      while (rows.hasNext()) {
        ImageRow row = rows.next();
        try {
          Path path = path(row, loras.open(row.lora()).digest(), model);
          model.base().validate(row.request());
          if (files.exists(path)) {
            counters.reused().add(1);
            results.add(result(row, path, 0, null));
          } else {
            missing.put(row, path);
          }
        } catch (InvalidInputException | IllegalArgumentException e) {
          counters.refused().add(1);
          results.add(result(row, null, 0, e.getMessage()));
        }
      }
      generate(missing, model, loras, files, results);
    }
    return results.iterator();
  }

  private void generate(
      Map<ImageRow, Path> missing,
      ExecutorModel model,
      LoraFiles loras,
      SharedFiles files,
      List<Result> results)
      throws IOException {
    List<ImageRow> rows = new ArrayList<>(missing.keySet());
    for (int from = 0; from < rows.size(); ) {
      List<ImageRow> part = sameLora(rows, from);
      from += part.size();
      long start = System.nanoTime();
      try {
        List<byte[]> images = SmallerBatch.compute(
            part,
            batch,
            few -> images(few, model, loras),
            () -> counters.smallerBatches().add(1));
        double seconds = Math.round((System.nanoTime() - start) / 1e6) / 1e3 / part.size();
        for (int i = 0; i < part.size(); i++) {
          Path path = missing.get(part.get(i));
          files.writeOnce(path, images.get(i));
          counters.images().add(1);
          counters.workSeconds().add(seconds);
          results.add(result(part.get(i), path, seconds, null));
        }
      } catch (CancelledException e) {
        throw e;
      } catch (RuntimeException e) {
        if (TaskAttempt.isStopped() || !TaskAttempt.current(maxFailures).last()) {
          throw e;
        }
        counters.failed().add(part.size());
        part.forEach(row -> results.add(result(row, null, 0, e.getMessage())));
      }
    }
  }

  /** Returns the next rows with one LoRA, at most as many as one batch. */
  private List<ImageRow> sameLora(List<ImageRow> rows, int from) {
    int to = from + 1;
    while (to < rows.size()
        && to - from < batch
        && rows.get(to).lora().equals(rows.get(from).lora())) {
      to++;
    }
    return rows.subList(from, to);
  }

  private static List<byte[]> images(List<ImageRow> rows, ExecutorModel model, LoraFiles loras) {
    Cancellation cancellation = new Cancellation();
    List<ImageRequest> requests = new ArrayList<>();
    for (ImageRow row : rows) {
      ImageRequest request = row.request();
      requests.add(
          loras.open(row.lora()).adapter(row.loraWeight()).map(request::adapter).orElse(request));
    }
    return model
        .base()
        .generateAll(requests, new Run(TaskAttempt.cancelling(cancellation), cancellation))
        .stream()
        .map(GeneratedImage::toPng)
        .toList();
  }

  /** The file's name has a digest of all that decides the image, so old images are not mistaken. */
  private Path path(ImageRow row, String loraDigest, ExecutorModel model) {
    List<String> parts = new ArrayList<>(row.identity());
    parts.addAll(List.of(model.description(), loraDigest, batch == 1 ? "alone" : "in batches"));
    String key = PersonKey.of(parts);
    return new Path(out, String.format(Locale.ROOT, "image-%06d-%s.png", row.index(), key));
  }

  private static Result result(ImageRow row, Path path, double seconds, String reason) {
    return new Result(
        row.index(),
        row.prompt(),
        row.seed(),
        row.lora(),
        path == null ? null : path.toString(),
        seconds,
        reason);
  }
}
