package dev.likeness.integrations.spark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Measures likeness and prompt adherence of many images on a Spark cluster. Immutable.
 *
 * <p>Images have the column {@code path}, and optionally the columns {@code prompt} and
 * {@code references}. The references are an array of URIs of photos of one person. The results of
 * an {@link ImageJob} can be given as the images.
 *
 * <p>The results are in the order of the images and have these columns:
 *
 * <ul>
 *   <li>{@code path}: the path of the image
 *   <li>{@code likeness}: the mean cosine between the largest face and the photos; null without
 *       photos, face or face embedder
 *   <li>{@code adherence}: the prompt adherence, 0 to 1; null without a prompt, if the base has no
 *       captioner (a network that describes photos in words), or if the captioner knows no word of
 *       the prompt
 *   <li>{@code reason}: the reason why the image could not be measured; null if it was measured
 * </ul>
 */
public final class ImageEvaluation {
  private static final int SLICES_PER_CORE = 4;

  private final SparkSession spark;
  private final JobSettings settings;

  private ImageEvaluation(SparkSession spark, JobSettings settings) {
    this.spark = spark;
    this.settings = settings;
  }

  /**
   * Creates an evaluation.
   *
   * @param spark the session
   * @param base the place of the base model. The base's folder can contain a captioner, which
   *     measures prompt adherence. If {@link #embedder} is not called, the evaluation uses the face
   *     embedder in this folder, if there is one
   * @return the evaluation
   */
  public static ImageEvaluation on(SparkSession spark, ModelLocation base) {
    return new ImageEvaluation(spark, JobSettings.on(base));
  }

  /**
   * Returns a copy of this evaluation for the given device. By default, each task uses the GPU that
   * Spark gave to it. A task without a GPU uses the CPU.
   *
   * @param name {@code cpu}, {@code cuda} or {@code cuda:<index>}
   * @return the new evaluation
   */
  public ImageEvaluation device(String name) {
    return new ImageEvaluation(spark, settings.device(name));
  }

  /**
   * Returns a copy of this evaluation with the given element type. By default, the device
   * determines it.
   *
   * @param name {@code f32}, {@code bf16} or {@code f16}
   * @return the new evaluation
   */
  public ImageEvaluation dtype(String name) {
    return new ImageEvaluation(spark, settings.dtype(name));
  }

  /**
   * Returns a copy of this evaluation with the given face embedder. The default is the embedder in
   * the base's folder, if there is one.
   *
   * @param file the path of an ONNX file on the executors
   * @param commercial true if the embedder's licence must allow commercial use
   * @return the new evaluation
   */
  public ImageEvaluation embedder(String file, boolean commercial) {
    return new ImageEvaluation(spark, settings.embedder(file, commercial));
  }

  /**
   * Returns a copy of this evaluation that accepts the given URI schemes in rows. By default,
   * images and photos must be in Hadoop's default file system.
   *
   * @param names the schemes of images and photos, such as {@code hdfs} and {@code s3a}
   * @return the new evaluation
   */
  public ImageEvaluation schemes(String... names) {
    return new ImageEvaluation(spark, settings.schemes(names));
  }

  /**
   * Measures the images.
   *
   * @param images one row for each image
   * @return one row for each image, in the order of {@code images}
   * @throws dev.likeness.diffusion.error.InvalidInputException if there is no column {@code path}
   */
  public Dataset<Row> run(Dataset<Row> images) {
    List<EvaluationTask.Image> rows = new ArrayList<>();
    List<String> columns = Arrays.asList(images.columns());
    for (Row row : images.collectAsList()) {
      rows.add(EvaluationTask.Image.of(rows.size(), row, columns));
    }
    rows.sort(
        Comparator.comparing((EvaluationTask.Image image) -> image.references().toString())
            .thenComparingLong(EvaluationTask.Image::index));
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    Configuration hadoop = context.hadoopConfiguration();
    EvaluationTask task = new EvaluationTask(
        settings.orSchemesOf(SharedFiles.schemes(hadoop)),
        new SerializableConfiguration(hadoop),
        JobCounters.of(context.sc()));
    int slices = Math.min(rows.size(), SLICES_PER_CORE * context.defaultParallelism());
    List<EvaluationTask.Measured> results = rows.isEmpty()
        ? List.of()
        : context.parallelize(rows, slices).mapPartitions(task::run).collect();
    return spark.createDataFrame(
        results.stream()
            .sorted(Comparator.comparingLong(EvaluationTask.Measured::index))
            .map(EvaluationTask.Measured::toRow)
            .toList(),
        EvaluationTask.SCHEMA);
  }
}
