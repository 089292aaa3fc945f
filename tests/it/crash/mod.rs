//! What is left when something dies, fails or gets in the way: never half a change, never a wedge, nothing lost.

mod damage;
mod failpoints;
mod foreign;
mod group;
mod live_git;
mod lost_tip;
mod maintenance;
mod power;
mod rescue;
mod storm;
