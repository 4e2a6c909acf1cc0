/**
 * Headshots of thousands of people, and images for researchers, on an Apache Spark cluster.
 *
 * <p>One person is one task. A task can be repeated. If an executor is lost, the task resumes from
 * the last saved state of its training.
 *
 * <pre>{@code
 * HeadshotJob job = HeadshotJob.on(spark, ModelLocation.of("/models/base"), "hdfs:///headshots");
 * Dataset<Row> results = job.run(spark.read().json("hdfs:///people.json"));
 * results.write().parquet("hdfs:///results");
 * }</pre>
 */
@NullMarked
package dev.likeness.integrations.spark;

import org.jspecify.annotations.NullMarked;
