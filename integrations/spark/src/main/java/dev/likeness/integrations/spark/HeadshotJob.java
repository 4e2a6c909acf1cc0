package dev.likeness.integrations.spark;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Generates headshots of many people on a Spark cluster. Each person is one task. A task reviews
 * the photos, trains the person or encodes the photos ({@link #identity}), generates, scores and
 * selects headshots, and writes the files to a Hadoop file system. Immutable.
 *
 * <p>The rows of people have these columns:
 *
 * <ul>
 *   <li>{@code id}: a text that is unique among the rows
 *   <li>{@code consent}: the JSON of {@link dev.likeness.diffusion.Consent#toJson()}, or the
 *       consent in words
 *   <li>{@code consent_given}: the time at which a consent in words was given, such as
 *       {@code 2026-11-20T09:00:00Z}; ignored if {@code consent} is JSON
 *   <li>{@code photos}: an array of URIs of photos, or of folders of photos
 *   <li>{@code style}, optional: an array of style names
 *   <li>{@code options}, optional: a map from names of options of {@code likeness headshot} to
 *       values. Names are, for example, {@code count}, {@code keep}, {@code seed} and
 *       {@code train-steps}
 * </ul>
 *
 * <p>The results have these columns:
 *
 * <ul>
 *   <li>{@code id}: the person's id
 *   <li>{@code status}: {@code done}; {@code refused} if the row or the photos cannot be used; or
 *       {@code failed} if a machine failed. In the last case, a later job tries again
 *   <li>{@code reasons}: warnings, or the reasons why there are no headshots
 *   <li>{@code likeness}: the mean cosine between the headshots and the photos; null if not
 *       measured
 *   <li>{@code paths}: the written files
 *   <li>{@code seconds}: the seconds of the work that produced the files
 *   <li>{@code reused}: true if an earlier job had produced the files
 *   <li>{@code resumed_from}: the training step from which the task resumed; 0 for the beginning
 * </ul>
 *
 * <p>A job can be repeated at any time. A person is not computed again if the person's row and
 * photos, the settings of the job, the base and the library version are unchanged. On a CPU, the
 * same input gives the same bytes.
 */
public final class HeadshotJob {
  private final SparkSession spark;
  private final JobSettings settings;
  private final String out;
  private final Optional<ErasureReceipt.Signer> signer;

  private HeadshotJob(
      SparkSession spark,
      JobSettings settings,
      String out,
      Optional<ErasureReceipt.Signer> signer) {
    this.spark = spark;
    this.settings = settings;
    this.out = out;
    this.signer = signer;
  }

  /**
   * Creates a job.
   *
   * @param spark the session
   * @param base the place of the base model on the executors
   * @param out the URI of the output folder, in a file system of Hadoop that renames folders in one
   *     step, such as HDFS or a shared disk
   * @return the job, which uses the GPU of each task, and the CPU for tasks without a GPU
   */
  public static HeadshotJob on(SparkSession spark, ModelLocation base, String out) {
    return new HeadshotJob(spark, JobSettings.on(base), out, Optional.empty());
  }

  /**
   * Returns a copy of this job for the given device. By default, each task uses the GPU that Spark
   * gave to it. A task without a GPU uses the CPU.
   *
   * @param name {@code cpu}, {@code cuda} or {@code cuda:<index>}
   * @return the new job
   */
  public HeadshotJob device(String name) {
    return new HeadshotJob(spark, settings.device(name), out, signer);
  }

  /**
   * Returns a copy of this job with the given element type. By default, the device determines it.
   *
   * @param name {@code f32}, {@code bf16} or {@code f16}
   * @return the new job
   */
  public HeadshotJob dtype(String name) {
    return new HeadshotJob(spark, settings.dtype(name), out, signer);
  }

  /**
   * Returns a copy of this job with the given face detector. The default is OpenCV's Haar cascades.
   *
   * @param file the path of a YuNet ONNX file on the executors
   * @return the new job
   */
  public HeadshotJob detector(String file) {
    return new HeadshotJob(spark, settings.detector(file), out, signer);
  }

  /**
   * Returns a copy of this job with the given face embedder, which measures likeness. The default
   * is the embedder in the base's folder, if there is one.
   *
   * @param file the path of an ONNX file on the executors
   * @param commercial true if the embedder's licence must allow commercial use
   * @return the new job
   */
  public HeadshotJob embedder(String file, boolean commercial) {
    return new HeadshotJob(spark, settings.embedder(file, commercial), out, signer);
  }

  /**
   * Returns a copy of this job for commercial use: a base, an identity method or a face network
   * whose licence forbids it is refused.
   *
   * @return the new job
   */
  public HeadshotJob commercial() {
    return new HeadshotJob(spark, settings.commercial(), out, signer);
  }

  /**
   * Returns a copy of this job that encodes the photos for an identity method instead of training a
   * LoRA. Options of rows that set a training are then refused.
   *
   * @param folder the path of a folder on the executors, with the adapter and the networks that it
   *     needs, as {@link dev.likeness.ipadapter.IdentityFiles#findIn} finds them
   * @return the new job
   */
  public HeadshotJob identity(String folder) {
    return new HeadshotJob(spark, settings.identity(folder), out, signer);
  }

  /**
   * Returns a copy of this job with the given interval of saved states. If an executor is lost,
   * another executor resumes from the last saved state. At most this interval plus one step is then
   * computed again.
   *
   * @param steps training steps between two saved states, 1 to 24; the default is 20
   * @return the new job
   * @throws IllegalArgumentException if the number is out of its range
   */
  public HeadshotJob saveInterval(int steps) {
    return new HeadshotJob(spark, settings.saveInterval(steps), out, signer);
  }

  /**
   * Returns a copy of this job that accepts the given URI schemes in rows. By default, photos must
   * be in the file system of the output folder or in Hadoop's default file system.
   *
   * @param names the schemes of photos, such as {@code hdfs} and {@code s3a}
   * @return the new job
   */
  public HeadshotJob schemes(String... names) {
    return new HeadshotJob(spark, settings.schemes(names), out, signer);
  }

  /**
   * Returns a copy of this job that signs the receipts of {@link #erase}. Without this method they
   * are not signed. The arguments are those of {@code ReceiptSigner.of} in {@code likeness-vault},
   * whose {@code verify} checks the signature; an identity of {@code likeness-provenance} has both.
   *
   * @param chain the signer's certificate, then the certificates of its issuers
   * @param sign returns the signature of a message by the key of the first certificate
   * @return the new job
   * @throws IllegalArgumentException if {@code chain} is empty
   */
  public HeadshotJob receiptSigner(List<X509Certificate> chain, UnaryOperator<byte[]> sign) {
    return new HeadshotJob(
        spark, settings, out, Optional.of(new ErasureReceipt.Signer(chain, sign)));
  }

  /**
   * Runs the job. The driver receives the rows, but neither photos nor images.
   *
   * @param people one row for each person
   * @return one row for each person, in the order of {@code people}. Equal rows of {@code people}
   *     give one row
   * @throws dev.likeness.diffusion.error.InvalidInputException if a required column is missing. If
   *     a row cannot be used, only its person is refused
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the output folder cannot be
   *     written
   */
  public Dataset<Row> run(Dataset<Row> people) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    createOutput();
    Configuration hadoop = context.hadoopConfiguration();
    // Before the rows are read: whoever is erased from here on is left out.
    Map<String, String> tombstones = tombstones(hadoop);
    List<PersonRow> rows =
        PersonRow.collect(people).stream().map(row -> row.tombstone(tombstones)).toList();
    PersonTask task = new PersonTask(
        settings.orSchemesOf(SharedFiles.schemes(hadoop, out)),
        out,
        new SerializableConfiguration(hadoop),
        context.sc().applicationId(),
        TaskAttempt.maxFailures(context.sc()),
        JobCounters.of(context.sc()));
    List<PersonResult> results = rows.isEmpty()
        ? List.of()
        : context.parallelize(rows, rows.size()).map(task::run).collect();
    return spark.createDataFrame(
        results.stream().map(PersonResult::toRow).toList(), PersonResult.SCHEMA);
  }

  private Map<String, String> tombstones(Configuration hadoop) {
    try {
      return new Tombstones(new SharedFiles(hadoop), new JobFolders(new Path(out))).all();
    } catch (IOException e) {
      throw SubjectErasure.unusable(out, e);
    }
  }

  private void createOutput() {
    try {
      new SharedFiles(spark.sparkContext().hadoopConfiguration())
          .createPrivateFolder(new Path(out));
    } catch (IOException e) {
      throw SubjectErasure.unusable(out, e);
    }
  }

  /**
   * Deletes everything that jobs with this output folder wrote about a person: headshots, the
   * person file, records, metrics and saved states. A task that still works on this person writes
   * nothing afterwards, not even if it has not begun to write. A later job writes about the person
   * again if its rows contain the person. Photos in other folders, and results that the caller
   * saved, stay.
   *
   * @param id the person's id
   * @return the receipt, which is also written to the folder {@code _receipts} of the output
   *     folder. Without a {@link #receiptSigner} it is not signed
   * @throws dev.likeness.diffusion.error.InvalidInputException if the id is empty or too long
   * @throws dev.likeness.diffusion.error.ResourceLimitException if a file cannot be deleted
   */
  public ErasureReceipt erase(String id) {
    return SubjectErasure.erase(spark.sparkContext().hadoopConfiguration(), out, id, signer);
  }
}
