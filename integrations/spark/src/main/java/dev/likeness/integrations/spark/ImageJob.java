package dev.likeness.integrations.spark;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Generates images for many requests on a Spark cluster, with one base model in each executor
 * process. Immutable.
 *
 * <p>Requests have the column {@code prompt}, and optionally {@code negative}, {@code seed},
 * {@code steps}, {@code guidance}, {@code width}, {@code height}, {@code scheduler}, {@code lora}
 * (the URI of a file) and {@code lora_weight}. {@link ImageGrid} creates requests from lists.
 *
 * <p>The results are in the order of the requests. They have the columns {@code index},
 * {@code prompt}, {@code seed}, {@code lora}, {@code path}, {@code seconds} and {@code reason}. An
 * image that could not be generated has a reason and no path. An image that exists is not generated
 * again.
 */
public final class ImageJob {
  private static final int USUAL_BATCH = 4;
  private static final int SLICES_PER_CORE = 4;

  private final SparkSession spark;
  private final JobSettings settings;
  private final String out;
  private final int batch;

  private ImageJob(SparkSession spark, JobSettings settings, String out, int batch) {
    this.spark = spark;
    this.settings = settings;
    this.out = out;
    this.batch = batch;
  }

  /**
   * Creates a job.
   *
   * @param spark the session
   * @param base the place of the base model on the executors
   * @param out the URI of the output folder
   * @return the job, which generates up to four images at once in each task
   */
  public static ImageJob on(SparkSession spark, ModelLocation base, String out) {
    return new ImageJob(spark, JobSettings.on(base), out, USUAL_BATCH);
  }

  /**
   * Returns a copy of this job for the given device. By default, each task uses the GPU that Spark
   * gave to it. A task without a GPU uses the CPU.
   *
   * @param name {@code cpu}, {@code cuda} or {@code cuda:<index>}
   * @return the new job
   */
  public ImageJob device(String name) {
    return new ImageJob(spark, settings.device(name), out, batch);
  }

  /**
   * Returns a copy of this job with the given element type. By default, the device determines it.
   *
   * @param name {@code f32}, {@code bf16} or {@code f16}
   * @return the new job
   */
  public ImageJob dtype(String name) {
    return new ImageJob(spark, settings.dtype(name), out, batch);
  }

  /**
   * Returns a copy of this job with the given batch size. If memory is short, a task halves its
   * batches.
   *
   * @param images the largest number of images that a task generates at once, at least 1; the
   *     default is 4. With 1, equal requests always give equal bytes on a CPU. In larger batches,
   *     images may differ by rounding
   * @return the new job
   * @throws IllegalArgumentException if the number is below 1
   */
  public ImageJob batch(int images) {
    if (images < 1) {
      throw new IllegalArgumentException("a batch must have at least 1 image, got " + images);
    }
    return new ImageJob(spark, settings, out, images);
  }

  /**
   * Returns a copy of this job that accepts the given URI schemes in rows. By default, LoRAs must
   * be in the file system of the output folder or in Hadoop's default file system.
   *
   * @param names the schemes of LoRA files, such as {@code hdfs} and {@code s3a}
   * @return the new job
   */
  public ImageJob schemes(String... names) {
    return new ImageJob(spark, settings.schemes(names), out, batch);
  }

  /**
   * Runs the job.
   *
   * @param requests one row for each image
   * @return one row for each image, in the order of {@code requests}
   * @throws dev.likeness.diffusion.error.InvalidInputException if there is no column
   *     {@code prompt}, or if the value of a numeric column is not a number
   */
  public Dataset<Row> run(Dataset<Row> requests) {
    List<ImageRow> rows = new ArrayList<>();
    for (Row row : requests.collectAsList()) {
      rows.add(ImageRow.of(rows.size(), row));
    }
    // Images with the same LoRA follow each other, so that a task opens few LoRAs.
    rows.sort(Comparator.comparing(ImageRow::lora).thenComparingLong(ImageRow::index));
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    Configuration hadoop = context.hadoopConfiguration();
    ImageTask task = new ImageTask(
        settings.orSchemesOf(SharedFiles.schemes(hadoop, out)),
        new Path(out).toString(),
        batch,
        new SerializableConfiguration(hadoop),
        TaskAttempt.maxFailures(context.sc()),
        JobCounters.of(context.sc()));
    int slices =
        Math.min((rows.size() + batch - 1) / batch, SLICES_PER_CORE * context.defaultParallelism());
    List<ImageTask.Result> results = rows.isEmpty()
        ? List.of()
        : context
            .parallelize(rows, Math.max(1, slices))
            .mapPartitions(task::run)
            .collect();
    return spark.createDataFrame(
        results.stream()
            .sorted(Comparator.comparingLong(ImageTask.Result::index))
            .map(ImageTask.Result::toRow)
            .toList(),
        ImageTask.SCHEMA);
  }
}
