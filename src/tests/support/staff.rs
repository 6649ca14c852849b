//! Staff for tests: added as the operator does, logged in over HTTP.

use domain::staff::Staff;
use reqwest::StatusCode;
use service::staff::StaffForm;

use super::server::{Server, Visitor};

/// Password of every test account.
pub const PASSWORD: &str = "correct horse battery";

impl Server {
    /// Adds an account; `scope` is a list of grids or branches, depending on the role.
    pub async fn add_staff(&self, login: &str, role: &str, scope: &[&str]) -> Staff {
        let scope: Vec<String> = scope.iter().map(|slug| (*slug).to_owned()).collect();
        let form = StaffForm {
            login: login.into(),
            name: format!("{login}测试"),
            role: role.into(),
            grids: if role == "grid-worker" { scope.clone() } else { Vec::new() },
            branches: if role == "branch-lead" { scope } else { Vec::new() },
            password: PASSWORD.into(),
        };
        let id = self.service.add_staff(None, &form).await.unwrap();
        let all = self.service.staff().await.unwrap();
        all.into_iter().find(|staff| staff.id == id).unwrap()
    }

    /// A browser that is logged in as `login`.
    pub async fn logged_in(&self, login: &str) -> Visitor {
        let mut visitor = self.known_visitor().await;
        let fields = [("login", login), ("password", PASSWORD)];
        let response = visitor.post("/console/login", &fields).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        visitor
    }
}
